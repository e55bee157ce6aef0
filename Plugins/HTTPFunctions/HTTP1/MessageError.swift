/// Why a message is not HTTP as this gateway reads it.
///
/// Wherever two receivers could disagree on what a message means or where it ends, the message is refused: that
/// disagreement is what request smuggling lives on (RFC 9112 section 11.2).
enum MessageError: Error, Sendable, Hashable {
    case malformedRequestLine
    case malformedStatusLine
    case unknownMethod
    case methodTooLong
    case targetTooLong(limit: Int)
    case unsupportedVersion
    case headTooLarge(limit: Int)
    case bareLineFeed
    case obsoleteFolding
    case missingColon
    case invalidFieldName
    case spaceBeforeColon
    case invalidFieldValue
    case missingHost
    case repeatedHost
    case invalidHost
    case hostMismatch
    case lengthAndTransferEncoding
    case repeatedLength
    case invalidLength
    case unknownTransferEncoding
    case transferEncodingInHTTP10
    case invalidChunk
    case chunkLineTooLong
    case bodyTooLarge(limit: Int)
    case invalidTarget(TargetError)
    case pseudoHeader(String)
    case connectionField
    case nominatedField
    case lengthMismatch
    case unknownExpectation
    /// The peer closed before the message was whole.
    case truncated
    case headTimeout
    case bodyTimeout
    case tooManyInterimResponses

    /// The status that a request with this fault is answered with.
    var status: Int {
        switch self {
        case .targetTooLong: 414
        case .headTooLarge: 431
        case .bodyTooLarge: 413
        case .headTimeout, .bodyTimeout: 408
        case .unknownMethod, .methodTooLong, .unknownTransferEncoding: 501
        case .unsupportedVersion: 505
        case .unknownExpectation: 417
        default: 400
        }
    }

    /// The name that refusals give as their rule.
    var rule: String {
        switch self {
        case .malformedRequestLine: "http-request-line"
        case .malformedStatusLine: "http-status-line"
        case .unknownMethod, .methodTooLong: "http-method"
        case .targetTooLong: "http-target-length"
        case .unsupportedVersion: "http-version"
        case .headTooLarge: "http-head-size"
        case .bareLineFeed: "http-line-end"
        case .obsoleteFolding: "http-obs-fold"
        case .missingColon, .invalidFieldName, .spaceBeforeColon: "http-field-name"
        case .invalidFieldValue: "http-field-value"
        case .missingHost, .repeatedHost, .invalidHost, .hostMismatch: "http-host"
        case .lengthAndTransferEncoding, .repeatedLength, .invalidLength, .lengthMismatch: "http-content-length"
        case .unknownTransferEncoding, .transferEncodingInHTTP10: "http-transfer-encoding"
        case .invalidChunk, .chunkLineTooLong: "http-chunk"
        case .bodyTooLarge: "http-body-size"
        case .invalidTarget: "http-path"
        case .pseudoHeader: "http-pseudo-header"
        case .connectionField, .nominatedField: "http-connection-field"
        case .unknownExpectation: "http-expect"
        case .truncated: "http-truncated"
        case .headTimeout: "http-head-timeout"
        case .bodyTimeout: "http-body-timeout"
        case .tooManyInterimResponses: "http-interim-responses"
        }
    }

    /// One sentence, without a byte of the message in it.
    var reason: String {
        switch self {
        case .malformedRequestLine:
            "The request line is not a method, a target and a version with single spaces between."
        case .malformedStatusLine: "The status line is malformed."
        case .unknownMethod: "The method is not one that this gateway forwards."
        case .methodTooLong: "The method is longer than any that this gateway forwards."
        case .targetTooLong(let limit): "The request target is longer than \(limit) bytes."
        case .unsupportedVersion: "The version of HTTP is not 1.0, 1.1 or 2."
        case .headTooLarge(let limit): "The header section is larger than \(limit) bytes."
        case .bareLineFeed: "A line ends in a line feed without a carriage return."
        case .obsoleteFolding: "A header field goes on on the next line."
        case .missingColon: "A header line has no colon."
        case .invalidFieldName: "A header field's name holds a character that no name may have."
        case .spaceBeforeColon: "White space stands before the colon of a header field."
        case .invalidFieldValue: "A header field's value holds a control character."
        case .missingHost: "The request has no Host."
        case .repeatedHost: "The request has more than one Host."
        case .invalidHost: "Host is not a host name or address with an optional port."
        case .hostMismatch: "The host in the request target differs from Host."
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding stand in one message."
        case .repeatedLength: "Content-Length stands more than once."
        case .invalidLength: "Content-Length is not a plain number."
        case .unknownTransferEncoding: "The transfer encoding is not exactly \"chunked\"."
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding."
        case .invalidChunk: "The chunked body is malformed."
        case .chunkLineTooLong: "The chunked body's sizes, extensions or trailers are too long."
        case .bodyTooLarge(let limit): "The body is larger than \(limit) bytes."
        case .invalidTarget(let fault): fault.reason
        case .pseudoHeader(let what): "The request's pseudo-header fields are malformed: \(what)."
        case .nominatedField:
            "Connection names a field that is meant for the function or for the gateway (RFC 9110 section 7.6.1)."
        case .connectionField: "HTTP/2 has no connection-specific header fields."
        case .lengthMismatch: "The body is not as long as Content-Length says."
        case .unknownExpectation: "The only expectation that can be met is 100-continue."
        case .truncated: "The connection was closed in the middle of the message."
        case .headTimeout: "The header section did not arrive in time."
        case .bodyTimeout: "The body did not arrive in time."
        case .tooManyInterimResponses: "Too many interim responses came before the final one."
        }
    }

    /// One sentence that says what the caller can do.
    var nextStep: String {
        switch self {
        case .targetTooLong, .headTooLarge, .bodyTooLarge:
            "Send less, or ask the gateway's operators to raise the limit."
        case .headTimeout, .bodyTimeout: "Send the request again without pauses."
        case .unknownMethod, .methodTooLong: "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS."
        case .unsupportedVersion: "Use HTTP/1.1 or HTTP/2."
        case .unknownExpectation: "Leave the Expect field out."
        case .invalidTarget(let fault): fault.nextStep
        default: "Send the request with an ordinary HTTP client; it must follow RFC 9112 and RFC 9113 to the letter."
        }
    }
}
