import NIOCore

/// The transaction's state, as ReadyForQuery says it.
enum TransactionStatus: UInt8, Sendable {
    case idle = 0x49
    case open = 0x54
    /// Nothing runs until it is rolled back.
    case failed = 0x45
}

/// ReadyForQuery: the server waits for the next command.
struct ReadyForQuery {
    let status: TransactionStatus

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "ReadyForQuery")
        let code = try reader.integer(UInt8.self)
        guard let status = TransactionStatus(rawValue: code) else {
            throw ProtocolViolation("ReadyForQuery: unknown status \(code)")
        }
        self.status = status
        try reader.end()
    }

    static func message(_ status: TransactionStatus) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.readyForQuery) { $0.writeInteger(status.rawValue) }
        return bytes
    }
}

/// One column of a result, as RowDescription says it.
struct FieldDescription {
    let name: String
    /// Zero for what is no column of a table.
    let tableOID: UInt32
    /// The column's number in its table, from one.
    let column: Int16
    let typeOID: UInt32
    let typeSize: Int16
    let typeModifier: Int32
    /// 0 for text, 1 for binary.
    let format: Int16
}

/// RowDescription: the columns of the rows that follow.
struct RowDescription {
    let fields: [FieldDescription]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "RowDescription")
        let count = try reader.count(ofAtLeast: 19)
        var fields: [FieldDescription] = []
        fields.reserveCapacity(count)
        for _ in 0..<count {
            // Names are in the client's encoding, which need not be UTF-8.
            let name = String(decoding: try reader.stringBytes().readableBytesView, as: UTF8.self)
            fields.append(
                FieldDescription(
                    name: name, tableOID: try reader.integer(), column: try reader.integer(),
                    typeOID: try reader.integer(), typeSize: try reader.integer(), typeModifier: try reader.integer(),
                    format: try reader.integer()))
        }
        self.fields = fields
        try reader.end()
    }
}

/// ParameterDescription: the types of a statement's parameters.
struct ParameterDescription {
    let types: [UInt32]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "ParameterDescription")
        let count = try reader.count(ofAtLeast: 4)
        var types: [UInt32] = []
        for _ in 0..<count { types.append(try reader.integer()) }
        self.types = types
        try reader.end()
    }
}

/// DataRow: one row.
enum DataRow {
    /// The columns of a row of texts; `nil` for NULL.
    static func texts(_ payload: ByteBuffer) throws(ProtocolViolation) -> [String?] {
        var reader = MessageReader(payload, of: "DataRow")
        let count = try reader.count(ofAtLeast: 4)
        var texts: [String?] = []
        for _ in 0..<count {
            texts.append(try reader.value().map { String(decoding: $0.readableBytesView, as: UTF8.self) })
        }
        try reader.end()
        return texts
    }
}

/// CopyInResponse, CopyOutResponse and CopyBothResponse.
struct CopyResponse {
    /// 0 for text, 1 for binary.
    let format: Int8
    let columnFormats: [Int16]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "CopyResponse")
        format = try reader.integer()
        let count = try reader.count(ofAtLeast: 2)
        var formats: [Int16] = []
        for _ in 0..<count { formats.append(try reader.integer()) }
        columnFormats = formats
        try reader.end()
    }
}

/// CopyDone: the copied data ends.
enum CopyDone {
    static let message = ByteBuffer(bytes: [MessageCode.copyDone, 0, 0, 0, 4])
}

/// CommandComplete: a statement has run to its end.
struct CommandComplete {
    /// `SELECT 3`, `INSERT 0 5`, `BEGIN`.
    let tag: String
    /// Rows returned or changed, where the tag says it.
    let rows: Int?

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "CommandComplete")
        let tag = try reader.string()
        self.tag = tag
        rows = tag.utf8.lastIndex(of: UInt8(ascii: " ")).flatMap { Int(tag[tag.utf8.index(after: $0)...]) }
        try reader.end()
    }
}

/// ParameterStatus: a setting that clients are told about has this value now.
struct ParameterStatus {
    let name: String
    let value: String

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "ParameterStatus")
        name = try reader.string()
        value = String(decoding: try reader.stringBytes().readableBytesView, as: UTF8.self)
        try reader.end()
    }

    static func message(_ name: String, _ value: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.parameterStatus) {
            $0.writeProtocolString(name)
            $0.writeProtocolString(value)
        }
        return bytes
    }
}

/// BackendKeyData: by what a CancelRequest names this session.
struct BackendKeyData: Hashable, Sendable {
    let processID: Int32
    /// 4 bytes in protocol 3.0, up to 256 in 3.2.
    let secret: [UInt8]

    var message: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.backendKeyData) {
            $0.writeInteger(processID)
            $0.writeBytes(secret)
        }
        return bytes
    }
}
