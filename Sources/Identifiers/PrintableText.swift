extension String {
    /// For a terminal, as what others wrote must not steer it: without control characters, which become their pictures
    /// (`␛`), and without what turns the direction of writing or separates lines by another name, which becomes U+FFFD.
    ///
    /// - Parameter onOneLine: Line feeds and tabs become spaces; else they stay.
    public func printable(onOneLine: Bool = false) -> String {
        let acts = { (scalar: Unicode.Scalar) in
            scalar.isControlOfTerminals && (onOneLine || (scalar != "\n" && scalar != "\t"))
        }
        guard unicodeScalars.contains(where: acts) else { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar {
                    case _ where !acts(scalar): scalar
                    case "\n", "\t": " "
                    case "\u{7f}": "\u{2421}"
                    case "\u{0}"..<" ": Unicode.Scalar(0x2400 + scalar.value) ?? "\u{fffd}"
                    default: "\u{fffd}"
                    }
                }))
    }
}

extension Unicode.Scalar {
    fileprivate var isControlOfTerminals: Bool {
        // C0 and C1, line and paragraph separators, embeddings and overrides, isolates.
        value < 0x20 || (0x7f...0x9f).contains(value) || (0x2028...0x202e).contains(value)
            || (0x2066...0x2069).contains(value)
    }
}
