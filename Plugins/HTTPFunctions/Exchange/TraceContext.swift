/// W3C Trace Context: a caller's valid trace goes on, with the gateway as the parent of what follows.
struct TraceContext: Sendable, Hashable {
    /// The header's value for the function.
    let traceparent: String
    /// Whether it continues the caller's trace, so that `tracestate` belongs to it.
    let isContinued: Bool

    /// - Parameters:
    ///   - received: The caller's `traceparent`.
    ///   - commandID: A new trace has the command's id as its own, so that traces and audit entries find each other.
    ///   - span: The gateway's span id, not zero.
    init(continuing received: String?, commandID: (high: UInt64, low: UInt64), span: UInt64) {
        let span = Self.hex(span == 0 ? 1 : span)
        if let received, let (trace, flags) = Self.parse(received) {
            traceparent = "00-\(trace)-\(span)-\(flags)"
            isContinued = true
        } else {
            traceparent = "00-\(Self.hex(commandID.high))\(Self.hex(commandID.low))-\(span)-00"
            isContinued = false
        }
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>` in lower case; ids of zeros are invalid, version ff too.
    static func parse(_ text: String) -> (trace: Substring, flags: Substring)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] == "00",
            parts.allSatisfy({ $0.utf8.allSatisfy { $0.isDigit || (0x61...0x66).contains($0) } }),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        return (parts[1], parts[3])
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
