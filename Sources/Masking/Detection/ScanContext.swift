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

    /// What a member's name says. A value without a speaking name of its own takes the name above it.
    static func name(_ name: UnsafeRawBufferPointer, parent: ScanContext) -> ScanContext {
        guard name.count <= 64 else { return [] }
        var context: ScanContext = []
        var isNeutral = true
        var word: [UInt8] = []
        func end() {
            guard !word.isEmpty else { return }
            context.formUnion(meaning(of: word))
            if !neutralWords.contains(word) { isNeutral = false }
            word.removeAll(keepingCapacity: true)
        }
        for (index, byte) in name.enumerated() {
            let isUpper = byte &- UInt8(ascii: "A") < 26
            if isUpper, index > 0, !(name[index - 1] &- UInt8(ascii: "A") < 26) { end() }
            if byte.isLetter || byte >= 0x80 { word.append(byte | (isUpper ? 0x20 : 0)) } else { end() }
        }
        end()
        return isNeutral ? context.union(parent) : context
    }

    private static func meaning(of word: [UInt8]) -> ScanContext {
        switch String(decoding: word, as: UTF8.self) {
        case let word where word.hasPrefix("ssn") || word.hasSuffix("ssn") || word.contains("social"): .socialSecurity
        case "tax", "taxid", "taxno", "taxnumber", "tin", "sin": .socialSecurity
        case let word where word.contains("taxpayer"): .socialSecurity
        case let word where word.contains("phone") || word.contains("mobile") || word.contains("telefon"): .phone
        case "tel", "telno", "cell", "fax", "sms", "msisdn", "gsm", "whatsapp": .phone
        case let word where word.contains("card"): .card
        case "pan", "cc", "ccn", "ccnum", "ccnumber", "visa", "mastercard", "amex", "credit", "debit": .card
        case "tracking", "trace", "traceparent", "span", "uuid", "guid", "hash", "checksum", "etag", "version", "build",
            "sha", "fingerprint", "nonce", "revision":
            .machine
        default: []
        }
    }

    /// Words that say nothing of what the value is.
    private static let neutralWords: Set<[UInt8]> = Set(
        ["value", "values", "number", "no", "nr", "num", "raw", "text", "data", "v"].map { Array($0.utf8) })

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
