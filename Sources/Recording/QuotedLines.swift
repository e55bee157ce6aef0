import Identifiers

extension String {
    /// The lines, each set in by two spaces and ended: only the gateway's own words stand at the left edge of a replay,
    /// so that no text of a caller or a target passes for one of them. Empty for no text.
    var quotedLines: String {
        guard !isEmpty else { return "" }
        var scalars = printable().unicodeScalars
        if scalars.last == "\n" { scalars.removeLast() }
        return scalars.split(separator: "\n", omittingEmptySubsequences: false).map { "  \(String($0))\n" }.joined()
    }
}
