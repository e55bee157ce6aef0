/// How the end of a message's body is found (RFC 9112 section 6).
enum BodyFraming: Sendable, Hashable {
    case none
    case length(Int)
    case chunked
    /// Responses only.
    case untilClose

    /// The framing that the fields say; `nil` when they say nothing.
    init?(_ fields: HeaderFields, isHTTP10: Bool) throws(MessageError) {
        if fields.contains(.transferEncoding) {
            if fields.contains(.contentLength) { throw .lengthAndTransferEncoding }
            if isHTTP10 { throw .transferEncodingInHTTP10 }
            var isChunked = fields.count(of: .transferEncoding) == 1
            fields.visit { known, _, value in
                if known == .transferEncoding, !equalIgnoringCase(value, "chunked") { isChunked = false }
            }
            guard isChunked else { throw .unknownTransferEncoding }
            self = .chunked
        } else if fields.contains(.contentLength) {
            // Even an equal repetition is refused: a receiver that joins the two reads a list.
            guard fields.count(of: .contentLength) == 1 else { throw .repeatedLength }
            var length: Int?
            fields.visit { known, _, value in
                guard known == .contentLength else { return }
                length = Self.number(value)
            }
            guard let length else { throw .invalidLength }
            self = .length(length)
        } else {
            return nil
        }
    }

    /// At most 18 digits, so that it cannot overflow; no sign, no white space.
    private static func number(_ digits: UnsafeRawBufferPointer) -> Int? {
        guard (1...18).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard digit.isDigit else { return nil }
            value = value * 10 + Int(digit &- 0x30)
        }
        return value
    }
}
