import NIOCore

/// The fields of an ErrorResponse or NoticeResponse, in their order (PostgreSQL documentation, section 55.8).
struct ErrorFields: Sendable, Hashable {
    enum Severity: String, Sendable {
        case error = "ERROR"
        case fatal = "FATAL"
        case notice = "NOTICE"
        case warning = "WARNING"
    }

    struct Field: Sendable, Hashable {
        let code: UInt8
        var value: String
    }

    var fields: [Field]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "ErrorResponse")
        var fields: [Field] = []
        while true {
            let code = try reader.integer(UInt8.self)
            if code == 0 { break }
            // Messages can be in an encoding of the server's before the client's is known.
            fields.append(
                Field(code: code, value: String(decoding: try reader.stringBytes().readableBytesView, as: UTF8.self)))
        }
        try reader.end()
        self.fields = fields
    }

    init(severity: Severity, code: SQLState, message: String, detail: String? = nil, hint: String? = nil) {
        fields = [
            Field(code: UInt8(ascii: "S"), value: severity.rawValue),
            Field(code: UInt8(ascii: "V"), value: severity.rawValue),
            Field(code: UInt8(ascii: "C"), value: code.code), Field(code: UInt8(ascii: "M"), value: message),
        ]
        if let detail { fields.append(Field(code: UInt8(ascii: "D"), value: detail)) }
        if let hint { fields.append(Field(code: UInt8(ascii: "H"), value: hint)) }
    }

    subscript(code: UInt8) -> String? { fields.first { $0.code == code }?.value }

    /// What stands for fields that may not be shown.
    static let hidden = ErrorFields(
        severity: .notice, code: .successfulCompletion, message: "(withheld: a masking rule applies)")

    /// The SQLSTATE.
    var code: String { self[UInt8(ascii: "C")] ?? "XX000" }
    var message: String { self[UInt8(ascii: "M")] ?? "" }
    /// The server closes the connection after it.
    var isFatal: Bool { ["FATAL", "PANIC"].contains(self[UInt8(ascii: "V")] ?? self[UInt8(ascii: "S")] ?? "") }

    func errorResponse() -> ByteBuffer { message(MessageCode.errorResponse) }
    func noticeResponse() -> ByteBuffer { message(MessageCode.noticeResponse) }

    private func message(_ code: UInt8) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(code) {
            for field in fields {
                $0.writeInteger(field.code)
                $0.writeProtocolString(field.value)
            }
            $0.writeInteger(UInt8(0))
        }
        return bytes
    }
}
