import Markup

/// The picture of activity: a bar a slice, what was refused in another pattern, so that it also reads without colours.
struct ActivityChart {
    let slices: [Activity.Slice]

    private static let width = 900
    private static let height = 180
    private static let labelHeight = 40

    var html: HTML {
        guard let most = slices.map(\.count.commands).max(), most > 0 else { return "<p>Nothing happened.</p>" }
        let step = Double(Self.width) / Double(slices.count)
        // A label that would run into its neighbour is left out.
        let every = max(1, Int((90 / step).rounded(.up)))
        let bars = slices.enumerated().map {
            bar($1, at: Double($0) * step, step: step, most: most, hasLabel: $0 % every == 0)
        }
        let commands = slices.reduce(0) { $0 + $1.count.commands }
        let refused = slices.reduce(0) { $0 + $1.count.refused }
        let idle = slices.count { $0.count.commands == 0 }
        return """
            <figure>
            <svg viewBox="0 0 \(Self.width) \(Self.height + Self.labelHeight)" role="img" aria-labelledby="activity-caption">
            <defs><pattern id="refused" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
            <rect width="6" height="6" fill="#f4d6d6"/><rect width="3" height="6" fill="#b22"/></pattern></defs>
            <line x1="0" y1="\(Self.height)" x2="\(Self.width)" y2="\(Self.height)" stroke="#888"/>
            \(bars)
            </svg>
            <figcaption id="activity-caption">\(commands) commands in \(slices.count) slices of time, \(refused) of them \
            refused (hatched); at most \(most) in one, and none in \(idle) of them.</figcaption>
            </figure>
            """
    }

    private func bar(_ slice: Activity.Slice, at x: Double, step: Double, most: Int, hasLabel: Bool) -> HTML {
        let scale = Double(Self.height - 10) / Double(most)
        let whole = Double(slice.count.commands) * scale
        let refused = Double(slice.count.refused) * scale
        let width = Self.decimal(max(1, step * 0.8))
        let label: HTML =
            hasLabel
            ? "<text x=\"\(Self.decimal(x))\" y=\"\(Self.height + 18)\" font-size=\"12\">\(slice.start)</text>" : ""
        return """
            <g><title>\(slice.start): \(slice.count.commands) commands, \(slice.count.refused) refused</title>\
            <rect x="\(Self.decimal(x))" y="\(Self.decimal(Double(Self.height) - whole))" width="\(width)" \
            height="\(Self.decimal(whole - refused))" fill="#357"/>\
            <rect x="\(Self.decimal(x))" y="\(Self.decimal(Double(Self.height) - refused))" width="\(width)" \
            height="\(Self.decimal(refused))" fill="url(#refused)"/>\(label)</g>

            """
    }

    /// With one digit after the point.
    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
