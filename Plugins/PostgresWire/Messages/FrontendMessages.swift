import NIOCore

/// Query: one query string.
enum Query {
    static func message(_ text: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.query) { $0.writeProtocolString(text) }
        return bytes
    }
}

/// Flush: the server sends what it has of answers, without a Sync.
enum Flush {
    static var message: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.flush) { _ in }
        return bytes
    }
}

/// Parse: a statement under a name, which is empty for the unnamed one.
struct Parse {
    let statement: String
    let query: ByteBuffer
    /// Zero for a type that the server is to find out.
    let parameterTypes: [UInt32]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "Parse")
        statement = try reader.name()
        query = try reader.stringBytes()
        let count = try reader.count(ofAtLeast: 4)
        var types: [UInt32] = []
        types.reserveCapacity(count)
        for _ in 0..<count { types.append(try reader.integer()) }
        parameterTypes = types
        try reader.end()
    }
}

/// The value of a parameter.
enum BoundValue: Hashable {
    case null
    case held(ByteBuffer)
    /// Too long to be held.
    case long(bytes: Int, sha256: String)
}

/// Bind: values for a statement's parameters, which makes a portal.
struct Bind {
    let portal: String
    let statement: String
    /// None, one for all, or one for each.
    let parameterFormats: [Int16]
    let parameters: [BoundValue]
    let resultFormats: [Int16]
}

extension Bind {
    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "Bind")
        let portal = try reader.name()
        let statement = try reader.name()
        let parameterFormats = try Self.formats(&reader)
        let count = try reader.count(ofAtLeast: 4)
        try Self.check(formats: parameterFormats.count, parameters: count)
        var parameters: [BoundValue] = []
        parameters.reserveCapacity(count)
        for _ in 0..<count { parameters.append(try reader.value().map(BoundValue.held) ?? .null) }
        let resultFormats = try Self.formats(&reader)
        try reader.end()
        self.init(
            portal: portal, statement: statement, parameterFormats: parameterFormats, parameters: parameters,
            resultFormats: resultFormats)
    }

    static func check(formats: Int, parameters: Int) throws(ProtocolViolation) {
        guard formats <= 1 || formats == parameters else {
            throw ProtocolViolation("Bind: \(formats) formats for \(parameters) parameters")
        }
    }

    static func formats(_ reader: inout MessageReader) throws(ProtocolViolation) -> [Int16] {
        let count = try reader.count(ofAtLeast: 2)
        var formats: [Int16] = []
        formats.reserveCapacity(count)
        for _ in 0..<count {
            let format = try reader.integer(Int16.self)
            guard format == 0 || format == 1 else { throw ProtocolViolation("Bind: unsupported format code \(format)") }
            formats.append(format)
        }
        return formats
    }

    /// 0 for text, 1 for binary.
    func format(ofParameter index: Int) -> Int16 {
        switch parameterFormats.count {
        case 0: 0
        case 1: parameterFormats[0]
        default: parameterFormats[index]
        }
    }

    /// A Bind without parameters.
    static func message(portal: String, statement: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.bind) {
            $0.writeProtocolString(portal)
            $0.writeProtocolString(statement)
            $0.writeMultipleIntegers(Int16(0), Int16(0), Int16(0))
        }
        return bytes
    }
}

/// What Describe and Close name.
enum NamedKind: UInt8 {
    case statement = 0x53
    case portal = 0x50
}

/// Describe: asks what a statement takes and returns.
struct Describe {
    let kind: NamedKind
    let name: String

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        (kind, name) = try readNamed(payload, of: "Describe")
    }

    static func message(portal: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.describe) {
            $0.writeInteger(NamedKind.portal.rawValue)
            $0.writeProtocolString(portal)
        }
        return bytes
    }
}

/// Close: forgets a statement or portal.
struct Close {
    let kind: NamedKind
    let name: String

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        (kind, name) = try readNamed(payload, of: "Close")
    }
}

private func readNamed(_ payload: ByteBuffer, of message: StaticString) throws(ProtocolViolation) -> (NamedKind, String)
{
    var reader = MessageReader(payload, of: message)
    let code = try reader.integer(UInt8.self)
    guard let kind = NamedKind(rawValue: code) else { throw ProtocolViolation("\(message): invalid subtype \(code)") }
    let name = try reader.name()
    try reader.end()
    return (kind, name)
}

/// Execute: runs a portal, or goes on with it.
struct Execute {
    let portal: String
    /// Zero without a limit.
    let maximumRows: Int32

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "Execute")
        portal = try reader.name()
        maximumRows = try reader.integer()
        try reader.end()
    }
}

/// FunctionCall: the protocol's old way to call one function, which libpq's large objects still take.
struct FunctionCall {
    let functionOID: UInt32
    let arguments: [ByteBuffer?]

    init(_ payload: ByteBuffer) throws(ProtocolViolation) {
        var reader = MessageReader(payload, of: "FunctionCall")
        functionOID = try reader.integer()
        for _ in 0..<(try reader.count(ofAtLeast: 2)) { _ = try reader.integer(Int16.self) }
        let count = try reader.count(ofAtLeast: 4)
        var arguments: [ByteBuffer?] = []
        arguments.reserveCapacity(count)
        for _ in 0..<count { arguments.append(try reader.value()) }
        self.arguments = arguments
        _ = try reader.integer(Int16.self)
        try reader.end()
    }
}
