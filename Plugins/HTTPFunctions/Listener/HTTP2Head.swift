import NIOCore
import NIOHPACK

/// Turns an HTTP/2 request's fields into the head that HTTP/1.1 requests have (RFC 9113 section 8.3).
///
/// NIOHTTP2 checks frames and states; what a field may hold is checked here, because a gateway writes these fields into
/// HTTP/1.1 towards the function, where a line break in a value would begin another request.
enum HTTP2Head {
    static func read(
        _ headers: HPACKHeaders, endsStream: Bool, options: ListenerOptions
    ) throws(MessageError) -> RequestHead {
        var method: String?
        var path: String?
        var authority: String?
        var scheme: String?
        var pairs: [(name: String, value: String)] = []
        pairs.reserveCapacity(headers.count)
        var size = 0
        for (name, value, _) in headers {
            size += name.utf8.count + value.utf8.count + 32
            guard size <= options.headLimit else { throw .headTooLarge(limit: options.headLimit) }
            guard value.utf8.allSatisfy(\.isFieldValueCharacter), !hasOuterSpace(value) else {
                throw .invalidFieldValue
            }
            if name.utf8.first == UInt8(ascii: ":") {
                guard pairs.isEmpty else { throw .pseudoHeader("one stands after another field") }
                switch name {
                case ":method": try set(&method, value)
                case ":path": try set(&path, value)
                case ":authority": try set(&authority, value)
                case ":scheme": try set(&scheme, value)
                default: throw .pseudoHeader("an unknown one")
                }
                continue
            }
            try check(name, value)
            pairs.append((name, value))
        }
        guard let method, let path, let scheme else { throw .pseudoHeader("one is missing") }
        guard scheme == "https" || scheme == "http" else { throw .pseudoHeader("the scheme is not http or https") }
        let host = pairs.filter { $0.name == "host" }
        guard host.count <= 1 else { throw .repeatedHost }
        if let host = host.first, let authority, host.value.lowercased() != authority.lowercased() {
            throw .hostMismatch
        }
        guard let name = authority ?? host.first?.value else { throw .missingHost }
        guard withBytes(name, HostField.isValid) else { throw .invalidHost }
        if host.isEmpty { pairs.append(("host", name)) }
        joinCookies(&pairs)
        return try head(
            method: method, path: path, fields: HeaderFields(pairs), endsStream: endsStream, options: options)
    }

    private static func head(
        method: String, path: String, fields: HeaderFields, endsStream: Bool, options: ListenerOptions
    ) throws(MessageError) -> RequestHead {
        guard path.utf8.count <= options.targetLimit else { throw .targetTooLong(limit: options.targetLimit) }
        let known: Result<(String, RequestTarget), MessageError> = withBytes(method) { method in
            withBytes(path) { path in
                do throws(MessageError) {
                    return .success((try RequestHead.method(method), try RequestTarget(path)))
                } catch {
                    return .failure(error)
                }
            }
        }
        let (method, target) = try known.get()
        var framing = try BodyFraming(fields, isHTTP10: false) ?? (endsStream ? .none : .untilClose)
        if endsStream {
            guard framing == .none || framing == .length(0) else { throw .lengthMismatch }
            framing = .none
        }
        try RequestHead.checkExpectation(fields)
        return RequestHead(
            version: .http2, method: method, target: target, fields: fields, framing: framing, keepsAlive: true)
    }

    /// A cookie header that was split for better compression is one field again before anyone reads it (section 8.2.3):
    /// of several, many servers take the first alone.
    private static func joinCookies(_ pairs: inout [(name: String, value: String)]) {
        let crumbs = pairs.filter { $0.name == "cookie" }.map(\.value)
        guard crumbs.count > 1 else { return }
        pairs.removeAll { $0.name == "cookie" }
        pairs.append(("cookie", crumbs.joined(separator: "; ")))
    }

    private static func set(_ field: inout String?, _ value: String) throws(MessageError) {
        guard field == nil else { throw .pseudoHeader("one stands twice") }
        field = value
    }

    private static func check(_ name: String, _ value: String) throws(MessageError) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0.isTokenCharacter && $0 == $0.asciiLowercased }) else {
            throw .invalidFieldName
        }
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": throw .connectionField
        case "te" where value != "trailers": throw .connectionField
        default: break
        }
    }

    /// RFC 9113 section 8.2.1: no space or tab at either end.
    private static func hasOuterSpace(_ value: String) -> Bool {
        value.utf8.first?.isWhiteSpace == true || value.utf8.last?.isWhiteSpace == true
    }

    private static func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
