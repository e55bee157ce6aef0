/// A text that equals another only where all of its bytes do.
///
/// `String` takes canonically equivalent texts for equal: U+037E for `;`, U+212A for `K`, `é` for `e` and an accent. What
/// others tell apart (a database its names and statements, an issuer its subjects) must not be one thing here, so that
/// whatever is looked up by such a text is looked up by its bytes.
public struct ExactText: Sendable, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    public static func == (left: ExactText, right: ExactText) -> Bool { left.text.isExactly(right.text) }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xff))
    }
}

extension ExactText {
    /// Whether this is a list, joined by `, `, in which `name` stands.
    ///
    /// - Parameter orBelow: Whether what stands below it does too: `sql.select` below `sql`.
    public func lists(_ name: String, orBelow: Bool = false) -> Bool {
        let list = Array(text.utf8)
        let name = Array(name.utf8)
        var start = 0
        while start + name.count <= list.count {
            let end = start + name.count
            if list[start..<end].elementsEqual(name),
                end == list.count || list[end...].starts(with: ", ".utf8) || orBelow && list[end] == UInt8(ascii: ".")
            {
                return true
            }
            while start < list.count, !list[start...].starts(with: ", ".utf8) { start += 1 }
            start += 2
        }
        return false
    }
}

extension String {
    /// Whether all bytes are those of `other`.
    public func isExactly(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.elementsEqual(other.utf8)
    }
}
