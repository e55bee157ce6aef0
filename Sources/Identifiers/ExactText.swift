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

extension String {
    /// Whether all bytes are those of `other`.
    public func isExactly(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return utf8.elementsEqual(other.utf8)
    }
}
