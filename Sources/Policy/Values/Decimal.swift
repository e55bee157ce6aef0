extension Value {
    /// Cedar's `decimal`: a number with up to four digits after the point, held as its ten-thousandfold.
    public struct Decimal: Sendable, Hashable, Comparable {
        /// The value times 10,000.
        public let tenThousandths: Int64

        public init(tenThousandths: Int64) { self.tenThousandths = tenThousandths }

        /// Reads `-?[0-9]+.[0-9]{1,4}`; `nil` for any other text and when the value does not fit.
        public init?(_ text: String) {
            var digits = text.utf8[...]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits.removeFirst() }
            guard let point = digits.firstIndex(of: UInt8(ascii: ".")) else { return nil }
            let whole = digits[..<point]
            let fraction = digits[digits.index(after: point)...]
            guard !whole.isEmpty, (1...4).contains(fraction.count) else { return nil }
            var value: Int64 = 0
            for byte in Array(whole) + Array(fraction) + Array(repeating: UInt8(ascii: "0"), count: 4 - fraction.count)
            {
                guard let next = value.appending(decimalDigit: byte, isNegative: isNegative) else { return nil }
                value = next
            }
            self.tenThousandths = value
        }

        public static func < (left: Decimal, right: Decimal) -> Bool { left.tenThousandths < right.tenThousandths }
    }
}

extension Value.Decimal: CustomStringConvertible {
    public var description: String {
        let magnitude = tenThousandths.magnitude
        let fraction = String(magnitude % 10_000)
        let padding = String(repeating: "0", count: 4 - fraction.count)
        return "\(tenThousandths < 0 ? "-" : "")\(magnitude / 10_000).\(padding)\(fraction)"
    }
}

extension Int64 {
    /// The number that has one digit more, built downward when negative so that the least value is reached too.
    func appending(decimalDigit byte: UInt8, isNegative: Bool) -> Int64? {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        let digit = Int64(byte - UInt8(ascii: "0"))
        let (product, overflow) = multipliedReportingOverflow(by: 10)
        if overflow { return nil }
        let (sum, carried) =
            isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
        return carried ? nil : sum
    }
}
