import Foundation
import Identifiers
import Markup

/// The picture of activity: a bar a slice, what was refused in another pattern, so that it also reads without colours.
struct ActivityChart {
    let timeline: Activity.Timeline

    private static let width = 900
    private static let height = 180
    private static let labelHeight = 40
    /// Where there are few slices, each takes the room that it would have among so many.
    private static let fewest = 24

    var html: HTML {
        let slices = timeline.slices
        guard let most = slices.map(\.count.commands).max(), most > 0 else { return "<p>Nothing happened.</p>" }
        let step = Double(Self.width) / Double(max(slices.count, Self.fewest))
        // A label that would run into its neighbour is left out.
        let every = max(1, Int((110 / step).rounded(.up)))
        let bars = slices.enumerated().map {
            bar($1, at: Double($0) * step, step: step, most: most, hasLabel: $0 % every == 0)
        }
        let commands = slices.reduce(0) { $0.addingClamped($1.count.commands) }
        let refused = slices.reduce(0) { $0.addingClamped($1.count.refused) }
        let idle = slices.count { $0.count.commands == 0 }
        return """
            <figure>
            <svg viewBox="0 0 \(Self.width) \(Self.height + Self.labelHeight)" role="img" aria-labelledby="activity-caption">
            <defs><pattern id="refused" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
            <rect width="6" height="6" fill="#f4d6d6"/><rect width="3" height="6" fill="#b22"/></pattern></defs>
            <line x1="0" y1="10" x2="\(Self.width)" y2="10" stroke="#ccc" stroke-dasharray="2 4"/>
            <text x="\(Self.width)" y="24" font-size="12" text-anchor="end">\(most)</text>
            <line x1="0" y1="\(Self.height)" x2="\(Self.width)" y2="\(Self.height)" stroke="#888"/>
            \(bars)
            </svg>
            <figcaption id="activity-caption">Commands: \(commands), of which refused (hatched): \(refused). A bar is \
            \(timeline.unit), \(slices.count) in all; the most in one: \(most); without any: \(idle).</figcaption>
            </figure>
            """
    }

    private func bar(_ slice: Activity.Slice, at x: Double, step: Double, most: Int, hasLabel: Bool) -> HTML {
        let scale = Double(Self.height - 10) / Double(most)
        let whole = Double(slice.count.commands) * scale
        let refused = Double(slice.count.refused) * scale
        let width = Self.decimal(max(1, step * 0.8))
        let start = slice.start.count == 13 ? slice.start.replacing("T", with: " ") + ":00" : slice.start
        let label: HTML =
            hasLabel ? "<text x=\"\(Self.decimal(x))\" y=\"\(Self.height + 18)\" font-size=\"12\">\(start)</text>" : ""
        return """
            <g><title>\(start): \(slice.count.commands) commands, \(slice.count.refused) refused</title>\
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
