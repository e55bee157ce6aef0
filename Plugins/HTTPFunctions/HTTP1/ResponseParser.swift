import NIOCore

/// What stands before a response's body.
struct ResponseHead: Sendable {
    let status: Int
    let fields: HeaderFields
    let framing: BodyFraming
    /// Whether the connection may be used again after the body.
    let keepsAlive: Bool
    let connection: ConnectionOptions
}

/// Reads response heads off a connection's bytes (RFC 9112), as strictly as requests are read: a function's answer that
/// two receivers could cut differently must not reach a connection that other callers share.
struct ResponseParser {
    let headLimit: Int
    private var scanner = HeadScanner()
    private var interimResponses = 0

    init(headLimit: Int = 65_536) { self.headLimit = headLimit }

    /// - Parameter method: The request's: a response to HEAD has no body whatever its fields say.
    /// - Returns: The final response's head; interim responses (1xx) are dropped. `nil` while it is not whole.
    mutating func next(_ buffer: inout ByteBuffer, toMethod method: String) throws(MessageError) -> ResponseHead? {
        while true {
            if let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first != UInt8(ascii: "H") {
                throw .malformedStatusLine
            }
            guard
                let end = try scanner.end(in: buffer, limit: headLimit, tooLong: .headTooLarge(limit: headLimit))
            else { return nil }
            let lineLength = scanner.firstLineLength ?? end
            scanner.reset()
            guard let bytes = buffer.readSlice(length: end) else { return nil }
            let head = try parse(bytes, lineLength: lineLength, toMethod: method)
            guard (100..<200).contains(head.status) else {
                interimResponses = 0
                return head
            }
            // Nobody asked to switch protocols.
            guard head.status != 101 else { throw .malformedStatusLine }
            interimResponses += 1
            guard interimResponses <= 8 else { throw .tooManyInterimResponses }
        }
    }

    private func parse(
        _ head: ByteBuffer, lineLength: Int, toMethod method: String
    ) throws(MessageError) -> ResponseHead {
        typealias Parsed = (line: StatusLine, fields: ContiguousArray<HeaderFields.Field>)
        let parsed: Result<Parsed, MessageError> = head.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                let line = try StatusLine(UnsafeRawBufferPointer(rebasing: bytes[..<(lineLength - 2)]))
                return .success((line, try FieldParser.parse(bytes, from: lineLength, to: bytes.count - 2)))
            } catch {
                return .failure(error)
            }
        }
        let (line, found) = try parsed.get()
        let fields = HeaderFields(bytes: head, fields: found)
        let connection = ConnectionOptions(fields)
        var framing = try BodyFraming(fields, isHTTP10: line.isHTTP10) ?? .untilClose
        // RFC 9112 section 6.3: these have no body, so their length fields tell of another response's.
        if method == "HEAD" || line.status == 204 || line.status == 304 || line.status < 200 { framing = .none }
        return ResponseHead(
            status: line.status, fields: fields, framing: framing,
            keepsAlive: !connection.close && framing != .untilClose && (!line.isHTTP10 || connection.keepAlive),
            connection: connection)
    }
}

/// Version and status (RFC 9112 section 4); the reason phrase is for nobody.
private struct StatusLine {
    let status: Int
    let isHTTP10: Bool

    init(_ line: UnsafeRawBufferPointer) throws(MessageError) {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[8] == 0x20,
            line[7] == UInt8(ascii: "1") || line[7] == UInt8(ascii: "0"), line[9..<12].allSatisfy(\.isDigit),
            line.count == 12 || line[12] == 0x20, line[12...].allSatisfy(\.isFieldValueCharacter)
        else { throw .malformedStatusLine }
        status = line[9..<12].reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        guard (100..<600).contains(status) else { throw .malformedStatusLine }
        isHTTP10 = line[7] == UInt8(ascii: "0")
    }
}
