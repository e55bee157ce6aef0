/// Reads the elements of DER (X.690) one after another: definite and shortest lengths only, no bytes left over.
struct DERReader {
    enum Tag {
        static let integer: UInt8 = 0x02
        static let octetString: UInt8 = 0x04
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0c
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31
        /// `[0] EXPLICIT`.
        static let context0: UInt8 = 0xa0
    }

    struct Malformed: Error, Equatable {
        let expected: String
    }

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { bytes.isEmpty }

    /// The tag of the next element; `nil` at the end.
    var next: UInt8? { bytes.first }

    /// The contents of the next element, which must have this tag.
    mutating func read(_ tag: UInt8, _ what: String) throws(Malformed) -> ArraySlice<UInt8> {
        guard let first = bytes.first, first == tag, let (start, count) = length(), count <= bytes.endIndex - start
        else {
            throw Malformed(expected: what)
        }
        let contents = bytes[start..<(start + count)]
        bytes = bytes[(start + count)...]
        return contents
    }

    /// A reader of the contents of the next element.
    mutating func enter(_ tag: UInt8, _ what: String) throws(Malformed) -> DERReader {
        DERReader(try read(tag, what))
    }

    /// Where the contents start, and how many bytes they have.
    private func length() -> (start: Int, count: Int)? {
        let position = bytes.startIndex + 1
        guard position < bytes.endIndex else { return nil }
        let first = Int(bytes[position])
        guard first >= 0x80 else { return (position + 1, first) }
        let octets = first - 0x80
        guard (1...4).contains(octets), position + octets < bytes.endIndex, bytes[position + 1] != 0 else { return nil }
        let count = bytes[(position + 1)...(position + octets)].reduce(0) { $0 << 8 | Int($1) }
        return count >= 0x80 ? (position + 1 + octets, count) : nil
    }
}
