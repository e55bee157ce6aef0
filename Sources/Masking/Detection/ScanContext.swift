/// What the surroundings of a value say about it: a field's name, or the words before it.
struct ScanContext: OptionSet, Sendable {
    let rawValue: UInt8

    static let socialSecurity = ScanContext(rawValue: 1)
    static let phone = ScanContext(rawValue: 2)
    static let card = ScanContext(rawValue: 4)
    /// Made by machines for machines: digits without separators are neither cards nor telephones.
    static let machine = ScanContext(rawValue: 8)

    /// Bytes before a value in which a word counts.
    static let reach = 24

    /// What a member's name says, and whether it says nothing of what the value is, so that the name above it counts.
    static func name(_ name: UnsafeRawBufferPointer) -> (context: ScanContext, isNeutral: Bool) {
        guard name.count <= 64 else { return ([], false) }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { letters in
            var context: ScanContext = []
            var isNeutral = true
            var start = 0
            func end(at index: Int) {
                let word = UnsafeRawBufferPointer(rebasing: letters[start..<index])
                guard !word.isEmpty else { return }
                context.formUnion(meaning(of: word))
                if !neutralWords.contains(word) { isNeutral = false }
            }
            for (index, byte) in name.enumerated() {
                let isUpper = byte &- UInt8(ascii: "A") < 26
                if isUpper, index > 0, !(name[index - 1] &- UInt8(ascii: "A") < 26) {
                    end(at: index)
                    start = index
                }
                letters[index] = byte | (isUpper ? 0x20 : 0)
                if !(byte.isLetter || byte >= 0x80) {
                    end(at: index)
                    start = index + 1
                }
            }
            end(at: name.count)
            return (context, isNeutral)
        }
    }

    /// - Parameter word: in small letters.
    private static func meaning(of word: UnsafeRawBufferPointer) -> ScanContext {
        if word.starts(with: "ssn".utf8) || word.suffix(3).elementsEqual("ssn".utf8) { return .socialSecurity }
        for (part, meaning) in speakingParts where word.contains(part) { return meaning }
        return speakingWords.meaning(of: word)
    }

    /// A word that holds one of them means it.
    private static let speakingParts: [(part: [UInt8], meaning: ScanContext)] = [
        (Array("social".utf8), .socialSecurity), (Array("taxpayer".utf8), .socialSecurity),
        (Array("phone".utf8), .phone), (Array("mobile".utf8), .phone), (Array("telefon".utf8), .phone),
        (Array("card".utf8), .card),
    ]

    private static let speakingWords = WordList([
        (.socialSecurity, "tax taxid taxno taxnumber tin sin"),
        (.phone, "tel telno cell fax sms msisdn gsm whatsapp"),
        (.card, "pan cc ccn ccnum ccnumber visa amex credit debit"),
        (
            .machine,
            "tracking trace traceparent span uuid guid hash checksum etag version build sha fingerprint nonce revision"
        ),
    ])

    /// Words that say nothing of what the value is.
    private static let neutralWords = WordList([([], "value values number no nr num raw text data v")])

    /// What the words directly before `index` say.
    ///
    /// Backslashes do not count as bytes, nor does the letter of an escape count as a letter: so the inside of a JSON
    /// string says the same before and after unescaping.
    static func before(_ index: Int, in text: ScannedText) -> ScanContext {
        let bytes = text.bytes
        var reversed: [UInt8] = []
        reversed.reserveCapacity(reach)
        var place = index
        while place > max(0, index - DetectorScanner.lookBehind), reversed.count < reach {
            place -= 1
            let byte = bytes[place]
            if byte == UInt8(ascii: "\\") { continue }
            let isEscape = place > 0 && bytes[place - 1] == UInt8(ascii: "\\") && byte.isEscapeLetter
            reversed.append(byte.isLetter && !isEscape ? byte : UInt8(ascii: " "))
        }
        return meaning(ofWordsIn: reversed.reversed())
    }

    private static func meaning(ofWordsIn text: [UInt8]) -> ScanContext {
        var context: ScanContext = []
        for start in text.indices where text[start].isLetter {
            // A word starts behind a non-letter, or as a capital behind a small letter.
            if start > 0, text[start - 1].isLetter, !(text[start] < 0x60 && text[start - 1] > 0x60) { continue }
            for (word, meaning) in words where start + word.count <= text.count {
                if zip(text[start...], word).allSatisfy({ $0 | 0x20 == $1 }) { context.formUnion(meaning) }
            }
        }
        return context
    }

    /// Letters only, in small letters. Each counts as the start of a word.
    private static let words: [(word: [UInt8], meaning: ScanContext)] = {
        func entries(_ words: String, _ meaning: ScanContext) -> [(word: [UInt8], meaning: ScanContext)] {
            words.split(separator: " ").map { (Array($0.utf8), meaning) }
        }
        return entries("ssn social taxpayer taxid", .socialSecurity)
            + entries("phone tel mobile cell fax call sms", .phone)
            + entries("card visa master amex credit debit pan maestro", .card)
    }()
}

/// Whole words and what they mean, found without making a string.
private struct WordList: Sendable {
    private var byLength: [[(word: [UInt8], meaning: ScanContext)]] = []

    /// - Parameter groups: Words in small letters, with spaces between them.
    init(_ groups: [(ScanContext, String)]) {
        for (meaning, words) in groups {
            for word in words.split(separator: " ") {
                while byLength.count <= word.utf8.count { byLength.append([]) }
                byLength[word.utf8.count].append((Array(word.utf8), meaning))
            }
        }
    }

    func contains(_ word: UnsafeRawBufferPointer) -> Bool { entry(word) != nil }
    func meaning(of word: UnsafeRawBufferPointer) -> ScanContext { entry(word) ?? [] }

    private func entry(_ word: UnsafeRawBufferPointer) -> ScanContext? {
        guard word.count < byLength.count else { return nil }
        for (known, meaning) in byLength[word.count] where word.elementsEqual(known) { return meaning }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        for start in 0...(count - part.count) where self[start] == part[0] {
            if self[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }
}
