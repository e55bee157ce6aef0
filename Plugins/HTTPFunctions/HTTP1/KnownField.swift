/// The header fields that the gateway itself looks at, recognised once when a head is parsed, so that a look-up
/// compares a byte and not a name.
enum KnownField: UInt8, CaseIterable, Sendable {
    case other
    case host
    case connection
    case contentLength
    case transferEncoding
    case contentType
    case contentEncoding
    case authorization
    case sallyportAuthorization
    case sallyportJustification
    case expect
    case prefer
    case cookie
    case setCookie
    case te
    case trailer
    case upgrade
    case keepAlive
    case proxyConnection
    case proxyAuthorization
    case proxyAuthenticate
    case acceptEncoding
    case traceparent
    case tracestate
    case requestID
    case via
    case forwarded
    case range
    case ifRange
    case etag
    case location
    case date
    case server
    case userAgent
    case accept
    case xRealIP
    case xOriginalURL
    case xRewriteURL
    case xHTTPMethodOverride
    case xMethodOverride
    case xHTTPMethod
    case proxy
    case xServerlessAuthorization
    case xFunctionsKey
    case xAmzSecurityToken
    case xAmzDate
    case xAmzContentSHA256
    case acceptRanges
    case altSvc
    case contentRange
    case contentMD5
    case digest
    case cacheControl
    case lastModified
    case vary

    /// The name in lower case.
    var name: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .authorization: "authorization"
        case .sallyportAuthorization: "sallyport-authorization"
        case .sallyportJustification: "sallyport-justification"
        case .expect: "expect"
        case .prefer: "prefer"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyAuthenticate: "proxy-authenticate"
        case .acceptEncoding: "accept-encoding"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .requestID: "x-request-id"
        case .via: "via"
        case .forwarded: "forwarded"
        case .range: "range"
        case .ifRange: "if-range"
        case .etag: "etag"
        case .location: "location"
        case .date: "date"
        case .server: "server"
        case .userAgent: "user-agent"
        case .accept: "accept"
        case .xRealIP: "x-real-ip"
        case .xOriginalURL: "x-original-url"
        case .xRewriteURL: "x-rewrite-url"
        case .xHTTPMethodOverride: "x-http-method-override"
        case .xMethodOverride: "x-method-override"
        case .xHTTPMethod: "x-http-method"
        case .proxy: "proxy"
        case .xServerlessAuthorization: "x-serverless-authorization"
        case .xFunctionsKey: "x-functions-key"
        case .xAmzSecurityToken: "x-amz-security-token"
        case .xAmzDate: "x-amz-date"
        case .xAmzContentSHA256: "x-amz-content-sha256"
        case .acceptRanges: "accept-ranges"
        case .altSvc: "alt-svc"
        case .contentRange: "content-range"
        case .contentMD5: "content-md5"
        case .digest: "digest"
        case .cacheControl: "cache-control"
        case .lastModified: "last-modified"
        case .vary: "vary"
        }
    }

    /// The field that `bytes` name, in any case.
    init(_ bytes: UnsafeRawBufferPointer) {
        self = .other
        guard bytes.count < Self.byLength.count else { return }
        for candidate in Self.byLength[bytes.count] where equalIgnoringCase(bytes, candidate.name) {
            self = candidate
            return
        }
    }

    private static let byLength: [[KnownField]] = {
        var table: [[KnownField]] = []
        for field in allCases where field != .other {
            while table.count <= field.name.utf8CodeUnitCount { table.append([]) }
            table[field.name.utf8CodeUnitCount].append(field)
        }
        return table
    }()
}

/// Whether `bytes` are `lowercase` when ASCII letters are compared without case. `lowercase` must be in lower case and
/// hold no byte that differs from a letter in the case bit alone, which is true of all field names.
@inline(__always)
func equalIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
    let start = lowercase.utf8Start
    for index in 0..<bytes.count where bytes[index].asciiLowercased != start[index] { return false }
    return true
}

extension UInt8 {
    @inline(__always)
    var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
