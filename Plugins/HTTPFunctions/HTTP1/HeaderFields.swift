import NIOCore

/// The header fields of one message: one buffer and the places of names and values in it.
///
/// Nothing is copied when a head is parsed; a `String` is made only for what somebody asks for. Values are without
/// surrounding white space. Order and spelling are as received.
struct HeaderFields: Sendable {
    /// One field's place in ``bytes``, as offsets from its reader index.
    struct Field: Sendable {
        let known: KnownField
        let name: Range<Int32>
        let value: Range<Int32>
    }

    private(set) var bytes: ByteBuffer
    private(set) var fields: ContiguousArray<Field>
    /// One bit for each known field that is there, so that absent ones cost nothing to look for.
    private var present: UInt64 = 0

    init() {
        bytes = ByteBuffer()
        fields = []
    }

    init(bytes: ByteBuffer, fields: ContiguousArray<Field>) {
        self.bytes = bytes
        self.fields = fields
        for field in fields { present |= 1 << UInt64(field.known.rawValue) }
    }

    var count: Int { fields.count }

    func contains(_ known: KnownField) -> Bool { present & (1 << UInt64(known.rawValue)) != 0 }

    /// The first value of a known field.
    func first(_ known: KnownField) -> String? {
        guard contains(known), let field = fields.first(where: { $0.known == known }) else { return nil }
        return text(field.value)
    }

    func count(of known: KnownField) -> Int {
        contains(known) ? fields.reduce(0) { $0 + ($1.known == known ? 1 : 0) } : 0
    }

    /// All values of a known field, in order.
    func values(_ known: KnownField) -> [String] {
        contains(known) ? fields.filter { $0.known == known }.map { text($0.value) } : []
    }

    /// The value of the field `name` (any case): the values of repeated fields joined by `, ` (RFC 9110 section 5.3),
    /// `nil` when there is none.
    subscript(name: String) -> String? {
        let all = values(name)
        return all.isEmpty ? nil : all.joined(separator: ", ")
    }

    /// All values of the field `name` (any case), in order.
    func values(_ name: String) -> [String] {
        var name = name
        return name.withUTF8 { wanted in
            bytes.withUnsafeReadableBytes { bytes in
                fields.filter { field in
                    field.name.count == wanted.count
                        && zip(bytes[field.name.asOffsets], wanted).allSatisfy {
                            $0.asciiLowercased == $1.asciiLowercased
                        }
                }.map { String(decoding: bytes[$0.value.asOffsets], as: UTF8.self) }
            }
        }
    }

    /// All fields but those of `names`, which are in lower case.
    func without(_ names: [String]) -> HeaderFields {
        // A set: a caller who is not signed in yet chooses both how many fields there are and how many names.
        let names = Set(names)
        return HeaderFields(bytes: bytes, fields: fields.filter { !names.contains(text($0.name).lowercased()) })
    }

    /// Names and values in order, as texts.
    var texts: [(name: String, value: String)] { fields.map { (text($0.name), text($0.value)) } }

    /// Calls `body` with each field's kind, name and value, without copying.
    @inline(__always)
    func visit<Failure: Error>(
        _ body: (KnownField, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        // `withUnsafeReadableBytes` rethrows untyped errors, so the typed one travels in a result.
        let result: Result<Void, Failure> = bytes.withUnsafeReadableBytes { bytes in
            do throws(Failure) {
                for field in fields {
                    try body(
                        field.known, UnsafeRawBufferPointer(rebasing: bytes[field.name.asOffsets]),
                        UnsafeRawBufferPointer(rebasing: bytes[field.value.asOffsets]))
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func text(_ range: Range<Int32>) -> String {
        bytes.withUnsafeReadableBytes { String(decoding: $0[range.asOffsets], as: UTF8.self) }
    }
}

extension HeaderFields {
    /// Fields from texts, for heads that do not come off a wire in HTTP/1 form.
    init(_ pairs: [(name: String, value: String)]) {
        var bytes = ByteBuffer()
        var fields: ContiguousArray<Field> = []
        for (name, value) in pairs {
            let start = Int32(bytes.writerIndex)
            bytes.writeString(name)
            let middle = Int32(bytes.writerIndex)
            bytes.writeString(value)
            let end = Int32(bytes.writerIndex)
            let known = bytes.withUnsafeReadableBytes {
                KnownField(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(middle)]))
            }
            fields.append(Field(known: known, name: start..<middle, value: middle..<end))
        }
        self.init(bytes: bytes, fields: fields)
    }
}

extension Range<Int32> {
    @inline(__always)
    var asOffsets: Range<Int> { Int(lowerBound)..<Int(upperBound) }
}
