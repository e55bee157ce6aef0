/// Finds the word that was probably meant.
public enum Spelling {
    /// ` (did you mean "x"?)`, or nothing when no known word is near.
    public static func suggestion(for word: String, among known: some Sequence<String>) -> String {
        nearest(to: word, among: known).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// The known word nearest to `word`, when it is near enough to be a slip: another case, or one edit in every three
    /// letters at most.
    static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        var best: (word: String, distance: Int)?
        for candidate in known {
            if candidate.lowercased() == word.lowercased() { return candidate }
            let distance = self.distance(
                Array(word.lowercased().unicodeScalars), Array(candidate.lowercased().unicodeScalars))
            if distance <= max(1, min(word.count, candidate.count) / 3), distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.word
    }

    /// Levenshtein's distance, a swap of neighbours counting as one.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(last[column + 1], current[column]) + 1
                cost = min(cost, last[column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
