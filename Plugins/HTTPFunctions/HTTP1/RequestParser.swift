import NIOCore

/// Reads request heads off a connection's bytes (RFC 9112).
///
/// Feed it the same buffer, grown, until it gives a head; what is then left belongs to the body and to later requests.
struct RequestParser {
    /// Bytes of the request line's target.
    let targetLimit: Int
    /// Bytes of the whole head.
    let headLimit: Int
    private var scanner = HeadScanner()
    private var skippedEmptyLine = false

    init(targetLimit: Int = 8192, headLimit: Int = 32_768) {
        self.targetLimit = targetLimit
        self.headLimit = headLimit
    }

    /// Whether a head has begun and is not whole.
    private(set) var isInsideHead = false

    /// - Returns: `nil` while the head is not whole.
    mutating func next(_ buffer: inout ByteBuffer) throws(MessageError) -> RequestHead? {
        guard try skipEmptyLine(&buffer), let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else {
            return nil
        }
        // Tells at once what is no HTTP at all, e.g. a TLS handshake on a plain port.
        guard first.isTokenCharacter else { throw .malformedRequestLine }
        isInsideHead = true
        guard let end = try headEnd(in: buffer) else { return nil }
        let lineLength = scanner.firstLineLength ?? end
        scanner.reset()
        isInsideHead = false
        skippedEmptyLine = false
        guard let head = buffer.readSlice(length: end) else { return nil }
        return try parse(head, lineLength: lineLength)
    }

    private mutating func headEnd(in buffer: ByteBuffer) throws(MessageError) -> Int? {
        if scanner.firstLineLength == nil {
            // A method, two spaces and a version take at most 64 bytes of the first line.
            let lineLimit = min(targetLimit + 64, headLimit)
            if let end = try scanner.end(in: buffer, limit: lineLimit) { return end }
            if scanner.firstLineLength == nil {
                guard buffer.readableBytes > lineLimit else { return nil }
                throw lineLimit < headLimit ? .targetTooLong(limit: targetLimit) : .headTooLarge(limit: headLimit)
            }
        }
        return try scanner.end(in: buffer, limit: headLimit, tooLong: .headTooLarge(limit: headLimit))
    }

    /// One empty line before a request is overlooked, as old clients send one after a body (section 2.2).
    private mutating func skipEmptyLine(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        guard !isInsideHead, let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else {
            return isInsideHead
        }
        guard first == 0x0d else { return true }
        guard !skippedEmptyLine else { throw .malformedRequestLine }
        guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return false }
        guard second == 0x0a else { throw .malformedRequestLine }
        skippedEmptyLine = true
        buffer.moveReaderIndex(forwardBy: 2)
        return buffer.readableBytes > 0
    }

    private func parse(_ head: ByteBuffer, lineLength: Int) throws(MessageError) -> RequestHead {
        typealias Parsed = (line: RequestLine, fields: ContiguousArray<HeaderFields.Field>)
        let parsed: Result<Parsed, MessageError> = head.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                let line = try RequestLine(
                    UnsafeRawBufferPointer(rebasing: bytes[..<(lineLength - 2)]), targetLimit: targetLimit)
                let fields = try FieldParser.parse(bytes, from: lineLength, to: bytes.count - 2)
                return .success((line, fields))
            } catch {
                return .failure(error)
            }
        }
        let (line, found) = try parsed.get()
        let fields = HeaderFields(bytes: head, fields: found)
        try checkHost(fields, line)
        let framing = try BodyFraming(fields, isHTTP10: line.version == .http10)
        try RequestHead.checkExpectation(fields)
        let connection = ConnectionOptions(fields)
        return RequestHead(
            version: line.version, method: line.method, target: line.target, fields: try connection.endToEnd(fields),
            framing: framing ?? .none,
            keepsAlive: !connection.close && (line.version == .http11 || connection.keepAlive))
    }

    private func checkHost(_ fields: HeaderFields, _ line: RequestLine) throws(MessageError) {
        let count = fields.count(of: .host)
        guard count <= 1 else { throw .repeatedHost }
        guard count == 1 else {
            if line.version == .http11 { throw .missingHost }
            return
        }
        try fields.visit { (known, _, value) throws(MessageError) in
            guard known == .host else { return }
            guard HostField.isValid(value) else { throw .invalidHost }
            if let authority = line.authority,
                authority.lowercased() != String(decoding: value, as: UTF8.self).lowercased()
            {
                throw .hostMismatch
            }
        }
    }
}

/// Method, target and version (RFC 9112 section 3).
private struct RequestLine {
    let method: String
    let target: RequestTarget
    /// The host in an absolute-form target.
    let authority: String?
    let version: RequestHead.Version

    init(_ line: UnsafeRawBufferPointer, targetLimit: Int) throws(MessageError) {
        let space = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: space), first > 0, line[..<first].allSatisfy(\.isTokenCharacter) else {
            throw .malformedRequestLine
        }
        let rest = line[(first + 1)...]
        guard let second = rest.firstIndex(of: space), second > first + 1 else { throw .malformedRequestLine }
        version = try Self.version(UnsafeRawBufferPointer(rebasing: line[(second + 1)...]))
        method = try RequestHead.method(UnsafeRawBufferPointer(rebasing: line[..<first]))
        let target = UnsafeRawBufferPointer(rebasing: line[(first + 1)..<second])
        guard target.count <= targetLimit else { throw .targetTooLong(limit: targetLimit) }
        if target[0] == UInt8(ascii: "/") {
            authority = nil
            self.target = try RequestTarget(target)
        } else {
            let (authority, origin) = try Self.absoluteForm(target)
            self.authority = authority
            self.target = try RequestTarget(origin)
        }
    }

    private static func version(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> RequestHead.Version {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[5].isDigit, bytes[6] == UInt8(ascii: "."),
            bytes[7].isDigit
        else { throw .malformedRequestLine }
        switch (bytes[5], bytes[7]) {
        case (0x31, 0x31): return .http11
        case (0x31, 0x30): return .http10
        default: throw .unsupportedVersion
        }
    }

    /// `http://host/path` (section 3.2.2), which a proxy must accept; the host must be the one in `Host`.
    private static func absoluteForm(
        _ target: UnsafeRawBufferPointer
    ) throws(MessageError) -> (authority: String, origin: UnsafeRawBufferPointer) {
        let scheme = ["http://", "https://"].first { scheme in
            target.count > scheme.utf8.count
                && zip(target, scheme.utf8).allSatisfy { $0.asciiLowercased == $1 }
        }
        guard let scheme else { throw .invalidTarget(.form) }
        let start = scheme.utf8.count
        guard let slash = target[start...].firstIndex(of: UInt8(ascii: "/")), slash > start else {
            throw .invalidTarget(.form)
        }
        let authority = UnsafeRawBufferPointer(rebasing: target[start..<slash])
        guard HostField.isValid(authority) else { throw .invalidHost }
        return (String(decoding: authority, as: UTF8.self), UnsafeRawBufferPointer(rebasing: target[slash...]))
    }
}
