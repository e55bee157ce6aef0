import GatewayCore

/// Where values may stand in a command line whose names a masking rule knows: `--ssn=…`, `--ssn …`, `'ssn=…'`,
/// `sh -c 'ssn=…'`, `{"ssn":"…"}`, in all ways that a shell can quote.
///
/// A line in which such a name stands as a word is taken as a whole, and so is an argument after it: too much may be
/// replaced in the records, but nothing too little.
enum NamedArguments {
    /// More different words than this, and they may be any.
    private static let mostWords = 512

    /// - Parameter parameters: The command's, those of one program in order.
    static func places(in text: String, _ parameters: [Parameter]) -> [NamedPlaces] {
        var places: [NamedPlaces] = []
        var all = words(in: text)
        var before: Set<String> = []
        for (index, parameter) in parameters.enumerated() {
            guard case .string(let value) = parameter.value else { continue }
            let own = words(in: value).union(words(in: parameter.name))
            places.append(NamedPlaces(names: bounded(own.union(before)), parameters: [index]))
            all.formUnion(own)
            before = own
        }
        places.append(NamedPlaces(names: bounded(all), text: [0..<text.utf8.count], parameters: []))
        return places
    }

    /// Those that stand for "anything" where there are too many.
    private static func bounded(_ words: Set<String>) -> Set<String> { words.count > mostWords ? [] : words }

    /// With hyphens and without, as options have them between the words of a name.
    private static func words(in text: String) -> Set<String> {
        var words: Set<String> = []
        for part in text.utf8.split(whereSeparator: { !isName($0) && $0 != UInt8(ascii: "-") }) {
            let bare = part.drop { $0 == UInt8(ascii: "-") }
            words.insert(String(decoding: bare, as: UTF8.self))
            for word in bare.split(separator: UInt8(ascii: "-")) {
                words.insert(String(decoding: word, as: UTF8.self))
            }
            if words.count > mostWords { break }
        }
        words.remove("")
        return words
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
