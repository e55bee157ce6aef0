/// What stands before a request's body, in whichever version of HTTP it came.
struct RequestHead: Sendable {
    enum Version: Sendable, Hashable {
        case http10
        case http11
        case http2
    }

    let version: Version
    let method: String
    let target: RequestTarget
    /// Header fields, without those that `Connection` nominates; HTTP/2's `:authority` stands among them as `Host`.
    let fields: HeaderFields
    let framing: BodyFraming
    /// Whether the connection may serve another request after this one.
    let keepsAlive: Bool

    /// Whether the caller waits for an interim answer before it sends the body (RFC 9110 section 10.1.1).
    var expectsContinue: Bool { fields.contains(.expect) && version != .http10 }

    /// The methods that are forwarded.
    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// - Throws: `.unknownMethod`; CONNECT and TRACE are left out on purpose, as they have no place before a function.
    static func method(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> String {
        for method in methods where method.utf8.elementsEqual(bytes) { return method }
        throw bytes.count > 32 ? .methodTooLong : .unknownMethod
    }

    /// An expectation other than 100-continue cannot be met (417).
    static func checkExpectation(_ fields: HeaderFields) throws(MessageError) {
        guard fields.contains(.expect) else { return }
        try fields.visit { (known, _, value) throws(MessageError) in
            if known == .expect, !equalIgnoringCase(value, "100-continue") { throw .unknownExpectation }
        }
    }
}
