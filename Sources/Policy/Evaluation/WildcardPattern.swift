/// A `like` pattern, cut at its wildcards into runs of bytes.
///
/// Matching bytes is matching code points, because UTF-8 is self-synchronising.
struct WildcardPattern: Sendable {
    /// The texts between wildcards, in order; one text means that there is no wildcard.
    private let runs: [[UInt8]]

    init(_ elements: [PatternElement]) {
        var runs: [[UInt8]] = [[]]
        for element in elements {
            switch element {
            case .wildcard: runs.append([])
            case .character(let scalar): runs[runs.count - 1].append(contentsOf: String(scalar).utf8)
            }
        }
        self.runs = runs
    }

    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }

    private func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        let first = runs[0]
        let last = runs[runs.count - 1]
        if runs.count == 1 { return text.count == first.count && starts(text, with: first, at: 0) }
        guard text.count >= first.count + last.count, starts(text, with: first, at: 0),
            starts(text, with: last, at: text.count - last.count)
        else { return false }
        // Each run in between is taken where it stands first: what is left is then as long as it can be.
        var position = first.count
        let end = text.count - last.count
        for run in runs[1..<(runs.count - 1)] where !run.isEmpty {
            while position + run.count <= end, !starts(text, with: run, at: position) { position += 1 }
            if position + run.count > end { return false }
            position += run.count
        }
        return true
    }

    private func starts(_ text: UnsafeRawBufferPointer, with run: [UInt8], at position: Int) -> Bool {
        for (index, byte) in run.enumerated() where text[position + index] != byte { return false }
        return true
    }
}
