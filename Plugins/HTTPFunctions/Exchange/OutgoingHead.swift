import NIOCore

/// Which of a caller's fields reach a function, and what is put beside them.
///
/// What the gateway and the function could read differently, what claims to come from a proxy that the gateway is, and
/// every credential stays behind.
struct OutgoingHead {
    let target: FunctionTarget
    let head: RequestHead
    /// Path and query as sent to the function.
    let path: String
    /// Whether the answer must be inspected: it is then asked for whole and uncompressed.
    let isInspected: Bool
    /// Whether the caller signed in through `Sallyport-Authorization`, so that `Authorization` is meant for the function.
    let hasOwnField: Bool
    let trace: TraceContext
    let requestID: String

    /// The head on the wire, with a credential's fields written into it.
    func serialized(fixed: [(name: String, value: String)], bodyBytes: Int) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 1024)
        startLine(into: &buffer, path: path)
        head.fields.visit { known, name, value in
            guard passes(known, name), !fixed.contains(where: { equalIgnoringCase(name, $0.name) }) else { return }
            buffer.writeField(name, value)
        }
        for field in added { buffer.writeField(field.name, field.value) }
        for field in fixed { buffer.writeField(field.name, field.value) }
        finish(&buffer, bodyBytes: bodyBytes)
        return buffer
    }

    /// The request as a credential takes it.
    func outgoing(body: ByteBuffer) -> OutgoingRequest {
        var fields: [(name: String, value: String)] = []
        head.fields.visit { known, name, value in
            guard passes(known, name) else { return }
            fields.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return OutgoingRequest(
            method: head.method, scheme: target.upstream.scheme, authority: target.upstream.authority, target: path,
            fields: fields + added, body: body)
    }

    /// The head on the wire of what a credential has made.
    func serialized(_ request: OutgoingRequest) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 1024)
        startLine(into: &buffer, path: request.target)
        for field in request.fields { buffer.writeField(field.name, field.value) }
        finish(&buffer, bodyBytes: request.body.readableBytes)
        return buffer
    }

    private func startLine(into buffer: inout ByteBuffer, path: String) {
        buffer.writeString(head.method)
        buffer.writeStaticString(" ")
        buffer.writeString(path)
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeString(target.upstream.authority)
        buffer.writeStaticString("\r\n")
    }

    private func finish(_ buffer: inout ByteBuffer, bodyBytes: Int) {
        if bodyBytes > 0 || head.method == "POST" || head.method == "PUT" || head.method == "PATCH" {
            buffer.writeStaticString("Content-Length: ")
            buffer.writeDecimal(bodyBytes)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    private var added: [(name: String, value: String)] {
        var fields = [
            ("traceparent", trace.traceparent), ("X-Request-Id", requestID),
            (
                "Via",
                head.version == .http2 ? "2 sallyport" : head.version == .http11 ? "1.1 sallyport" : "1.0 sallyport"
            ),
        ]
        if isInspected { fields.append(("Accept-Encoding", "identity")) }
        return fields
    }

    /// Whether a caller's field goes to the function as it is.
    func passes(_ known: KnownField, _ name: UnsafeRawBufferPointer) -> Bool {
        switch known {
        case .other: break
        case .authorization: return hasOwnField && target.authorization == .pass
        case .cookie: return target.cookies == .pass
        case .tracestate: return trace.isContinued
        case .acceptEncoding: return !isInspected
        // A caller who may not read a value could fetch it in pieces too small to recognise.
        case .range, .ifRange: return !isInspected
        case .host, .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .keepAlive, .expect,
            .proxyConnection, .proxyAuthorization, .proxyAuthenticate, .proxy:
            return false
        case .sallyportAuthorization, .sallyportJustification, .prefer, .setCookie: return false
        case .traceparent, .requestID, .via, .forwarded, .xRealIP: return false
        // A function that heeds these runs another command than the one that was judged.
        case .xOriginalURL, .xRewriteURL, .xHTTPMethodOverride, .xMethodOverride, .xHTTPMethod: return false
        // Credentials of functions: only the gateway has them.
        case .xServerlessAuthorization, .xFunctionsKey, .xAmzSecurityToken, .xAmzDate, .xAmzContentSHA256: return false
        default: break
        }
        if known == .other {
            // `X_Y` and `X-Y` are one to servers that turn names into variables.
            if name.contains(UInt8(ascii: "_")) { return false }
            if startsIgnoringCase(name, "x-forwarded-") || startsIgnoringCase(name, "sallyport-") { return false }
        }
        return true
    }
}

/// Whether `bytes` start with `lowercase`, ASCII letters compared without case.
func startsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    let count = lowercase.utf8CodeUnitCount
    return bytes.count >= count && equalIgnoringCase(UnsafeRawBufferPointer(rebasing: bytes[..<count]), lowercase)
}

/// Whether `bytes` are `name`, ASCII letters compared without case.
func equalIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ name: String) -> Bool {
    guard bytes.count == name.utf8.count else { return false }
    return zip(bytes, name.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
}
