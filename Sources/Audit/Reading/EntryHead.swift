import Identifiers

/// The members that every entry has, `id`, `kind` and `time`, and `session` where it has one. Found without reading the rest into values, and
/// also in an entry that is not quite right, because verification wants to name what it found.
struct EntryHead {
    private(set) var id: UUIDv7?
    private(set) var kind: String?
    private(set) var time: String?
    private(set) var session: String?

    /// Looks at the top level of the JSON object in `bytes`; stops where that is no JSON.
    init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Looks at the top level of the JSON object in `bytes`; stops where that is no JSON.
    init(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { read($0) } }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.first == UInt8(ascii: "{") else { return }
        var scanner = EntryScanner(bytes)
        scanner.members { name, scanner in
            if scanner.holds("id", at: name) {
                id = Self.text(&scanner).flatMap { UUIDv7($0) }
            } else if scanner.holds("kind", at: name) {
                kind = Self.text(&scanner)
            } else if scanner.holds("time", at: name) {
                time = Self.text(&scanner)
            } else if scanner.holds("session", at: name) {
                session = Self.text(&scanner)
            }
        }
    }

    /// A string without escapes, which is all that these members can be; others come back raw.
    private static func text(_ scanner: inout EntryScanner) -> String? {
        scanner.string().map { String(decoding: scanner.bytes[$0], as: UTF8.self) }
    }
}
