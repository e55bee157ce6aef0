import Identifiers
import Masking
import StrictJSON

/// What the first frame of a file says.
public struct SealedFileHeader: Sendable, Equatable {
    public let log: String
    public let session: UUIDv7
    public let part: Int
    /// The id of the auditor's key.
    public let key: String

    var bytes: [UInt8] {
        let (kem, kdf, aead) = SealedFormat.identifiers
        let value: JSONValue = [
            "aead": .number("\(aead)"), "info": .string(SealedFormat.info), "kdf": .number("\(kdf)"),
            "kem": .number("\(kem)"), "key": .string(key), "log": .string(log), "part": .number("\(part)"),
            "session": .string(session.description), "v": .number("\(SealedFormat.version)"),
        ]
        return value.canonicalBytes
    }

    init(log: String, session: UUIDv7, part: Int, key: String) {
        self.log = log
        self.session = session
        self.part = part
        self.key = key
    }

    /// - Throws: `OriginalsReason` where it is not of this version and suite.
    init(parsing bytes: [UInt8]) throws(OriginalsReason) {
        guard let value = try? JSONValue(parsing: bytes, within: .ownRecord) else {
            throw OriginalsReason("its first header is not JSON")
        }
        let (kem, kdf, aead) = SealedFormat.identifiers
        guard value["v"]?.integer == SealedFormat.version, value["kem"]?.integer == kem, value["kdf"]?.integer == kdf,
            value["aead"]?.integer == aead, value["info"]?.string?.isExactly(SealedFormat.info) == true
        else { throw OriginalsReason("it is of another version, or sealed by another suite of HPKE") }
        guard let log = value["log"]?.string, let session = value["session"]?.string.flatMap({ UUIDv7($0) }),
            let part = value["part"]?.integer.flatMap({ Int(exactly: $0) }), let key = value["key"]?.string
        else { throw OriginalsReason("its first header does not say whose it is") }
        self.init(log: log, session: session, part: part, key: key)
    }
}

/// What the header of a chunk says, in the clear and authenticated.
public struct SealedChunkHeader: Sendable, Equatable {
    public let log: String
    public let session: UUIDv7
    public let part: Int
    public let command: UUIDv7
    public let sequence: UInt64
    public let fields: [Field]

    public struct Field: Sendable, Hashable {
        public let field: OriginalsField
        /// Values of the field that end in this chunk.
        public let values: Int
    }

    var bytes: [UInt8] {
        let value: JSONValue = [
            "command": .string(command.description),
            "fields": .array(
                fields.map { entry in
                    [
                        "encoding": .string(entry.field.encoding.rawValue), "name": .string(entry.field.name),
                        "rule": .string(entry.field.rule), "selector": .string(entry.field.selector),
                        "values": .number("\(entry.values)"),
                    ]
                }), "log": .string(log), "part": .number("\(part)"), "sequence": .number("\(sequence)"),
            "session": .string(session.description), "v": .number("\(SealedFormat.version)"),
        ]
        return value.canonicalBytes
    }

    init(log: String, session: UUIDv7, part: Int, command: UUIDv7, sequence: UInt64, fields: [Field]) {
        self.log = log
        self.session = session
        self.part = part
        self.command = command
        self.sequence = sequence
        self.fields = fields
    }

    init(parsing bytes: [UInt8]) throws(OriginalsReason) {
        guard let value = try? JSONValue(parsing: bytes, within: .ownRecord) else {
            throw OriginalsReason("a header is not JSON")
        }
        guard value["v"]?.integer == SealedFormat.version, let log = value["log"]?.string,
            let session = value["session"]?.string.flatMap({ UUIDv7($0) }),
            let part = value["part"]?.integer.flatMap({ Int(exactly: $0) }),
            let command = value["command"]?.string.flatMap({ UUIDv7($0) }),
            let sequence = value["sequence"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let fields = value["fields"]?.array
        else { throw OriginalsReason("a header does not say whose chunk it is") }
        self.init(
            log: log, session: session, part: part, command: command, sequence: sequence,
            fields: fields.map { field in
                Field(
                    field: OriginalsField(
                        name: field["name"]?.string ?? "", rule: field["rule"]?.string ?? "",
                        selector: field["selector"]?.string ?? "",
                        encoding: field["encoding"]?.string.flatMap(OriginalsEncoding.init) ?? .bytes),
                    values: field["values"]?.integer.flatMap { Int(exactly: $0) } ?? 0)
            })
    }
}

/// Why bytes are not what they should be, for `OriginalsError` to say of which file.
struct OriginalsReason: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
