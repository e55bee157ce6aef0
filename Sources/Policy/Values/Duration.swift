extension Value {
    /// Cedar's `duration`: a signed length of time in milliseconds.
    public struct Duration: Sendable, Hashable, Comparable {
        public let milliseconds: Int64

        public init(milliseconds: Int64) { self.milliseconds = milliseconds }

        /// Reads `-?` and then any of `Nd`, `Nh`, `Nm`, `Ns`, `Nms` in this order, each at most once and at least one
        /// of them; `nil` for any other text and when the value does not fit.
        public init?(_ text: String) {
            var bytes = text.utf8[...]
            let isNegative = bytes.first == UInt8(ascii: "-")
            if isNegative { bytes.removeFirst() }
            guard !bytes.isEmpty else { return nil }
            var total: Int64 = 0
            var lastUnit = -1
            while !bytes.isEmpty {
                // The number is read with its sign, so that the least duration is reached too.
                var number: Int64 = 0
                var digits = 0
                while let byte = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                    guard let next = number.appending(decimalDigit: byte, isNegative: isNegative) else { return nil }
                    number = next
                    digits += 1
                    bytes.removeFirst()
                }
                let unitText = String(decoding: bytes.prefix { $0 >= UInt8(ascii: "a") }, as: UTF8.self)
                guard digits > 0, let unit = Self.units.firstIndex(where: { $0.name == unitText }), unit > lastUnit
                else { return nil }
                bytes.removeFirst(unitText.utf8.count)
                lastUnit = unit
                let (length, overflow) = number.multipliedReportingOverflow(by: Self.units[unit].milliseconds)
                let (sum, carried) = total.addingReportingOverflow(length)
                if overflow || carried { return nil }
                total = sum
            }
            self.milliseconds = total
        }

        private static let units: [(name: String, milliseconds: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
        ]

        public static func < (left: Duration, right: Duration) -> Bool { left.milliseconds < right.milliseconds }
    }
}

extension Value.Duration: CustomStringConvertible {
    public var description: String { "\(milliseconds)ms" }
}
