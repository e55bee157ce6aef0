/// Brace expansion, which bash, zsh and ksh have and dash has not.
enum ShellBraces {
    private static let mostWords = 64

    /// Whether some shell would make other words of it.
    static func mayExpand(_ word: ReadWord) -> Bool {
        func isPlain(_ index: Int, _ byte: UInt8) -> Bool { word.isPlain[index] && word.value[index] == byte }
        let indices = word.value.indices
        guard let opening = indices.first(where: { isPlain($0, UInt8(ascii: "{")) }),
            let closing = indices.last(where: { isPlain($0, UInt8(ascii: "}")) }), opening < closing
        else { return false }
        // Expansions between them leave nothing in `value`, so that only the empty `{}` is certain.
        if !word.traits.isDisjoint(with: .expansion) { return true }
        return word.value[opening..<closing].contains(UInt8(ascii: ","))
            || ShellBytes.contains(Array(word.value[opening..<closing]), "..")
    }

    /// Whether it has a closing brace without an opening one, which ends a list in zsh: `{ ls}`.
    static func closesMore(_ word: ReadWord) -> Bool {
        var open = 0
        for index in word.value.indices where word.isPlain[index] {
            if word.value[index] == UInt8(ascii: "{") { open += 1 }
            if word.value[index] == UInt8(ascii: "}") { open -= 1 }
            if open < 0 { return true }
        }
        return false
    }

    /// The words that it becomes, where they are lists without lists in them.
    static func expand(_ word: ReadWord) -> [ReadWord]? {
        var pending = [word]
        var finished: [ReadWord] = []
        while let next = pending.popLast() {
            guard mayExpand(next) else {
                finished.append(next)
                continue
            }
            guard let alternatives = expandFirst(next), alternatives.count + pending.count + finished.count < mostWords
            else { return nil }
            pending += alternatives.reversed()
        }
        return finished
    }

    private static func expandFirst(_ word: ReadWord) -> [ReadWord]? {
        var opening: Int?
        var commas: [Int] = []
        for index in word.value.indices where word.isPlain[index] {
            switch word.value[index] {
            case UInt8(ascii: "{"):
                if opening != nil { return nil }
                opening = index
            case UInt8(ascii: ",") where opening != nil: commas.append(index)
            case UInt8(ascii: "}"):
                guard let opening, !commas.isEmpty else { return nil }
                let borders = [opening] + commas + [index]
                guard borders.count <= mostWords else { return nil }
                return zip(borders, borders.dropFirst()).map { start, end in
                    joined(word, [0..<opening, (start + 1)..<end, (index + 1)..<word.value.count])
                }
            default: break
            }
        }
        return nil
    }

    private static func joined(_ word: ReadWord, _ parts: [Range<Int>]) -> ReadWord {
        var result = word
        result.value = parts.flatMap { word.value[$0] }
        result.isPlain = parts.flatMap { word.isPlain[$0] }
        result.source = result.value
        result.traits.remove(.braces)
        if mayExpand(result) { result.traits.insert(.braces) }
        return result
    }
}
