extension FixedWidthInteger {
    /// The sum; where there is no room for it, the nearest number that there is.
    ///
    /// For numbers that others wrote: a log or a recording may say anything, and must not end the program that reads it.
    public func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        guard overflow else { return sum }
        return other < 0 ? .min : .max
    }

    /// As ``addingClamped(_:)``, in place.
    public mutating func addClamped(_ other: Self) { self = addingClamped(other) }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum of all, each added as ``FixedWidthInteger/addingClamped(_:)`` does.
    public var clampedSum: Element { reduce(0) { $0.addingClamped($1) } }
}
