extension Duration {
    /// What is less than one is left out; beyond `Int64` the nearest number that there is.
    public var wholeMilliseconds: Int64 { whole(in: 1000) }

    /// As ``wholeMilliseconds``.
    public var wholeMicroseconds: Int64 { whole(in: 1_000_000) }

    /// For showing and for rates: about 15 digits are right.
    public var fractionalSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    private func whole(in perSecond: Int64) -> Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: perSecond)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product.addingClamped(attoseconds / (1_000_000_000_000_000_000 / perSecond))
    }

    /// As the configuration writes it, with the largest unit that has it in whole numbers: `7d`, `90s`, `1500ms`.
    public var unitText: String {
        let milliseconds = wholeMilliseconds
        let units: [(String, Int64)] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        for (unit, factor) in units where milliseconds > 0 && milliseconds % factor == 0 {
            return "\(milliseconds / factor)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}
