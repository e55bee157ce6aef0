/// Values that stand in a text after their names, as `name=value`: query strings and forms (WHATWG URL section 5),
/// environment variables, long options; and with space or quotes, `name = 'a value'`, as SQL has them.
enum NamedValues {
    /// The text with the values replaced whose names `isSelected` says yes to.
    ///
    /// Where in doubt, a value is taken to reach further and a name to begin earlier or later: too much may be
    /// replaced, but nothing too little.
    static func replace(
        in text: String, whereNamed isSelected: (String) -> Bool, by replacement: (String) -> String
    ) -> String {
        guard text.utf8.contains(UInt8(ascii: "=")) else { return text }
        let scalars = Array(text.unicodeScalars)
        var output = ""
        var written = 0
        for value in comparedValues(scalars, isSelected) {
            replacePairs(scalars[written..<value.lowerBound], isSelected, replacement, into: &output)
            output += replacement(content(ofLiteral: String(String.UnicodeScalarView(scalars[value]))))
            written = value.upperBound
        }
        replacePairs(scalars[written...], isSelected, replacement, into: &output)
        return output
    }

    /// What a quoted literal says; another text is itself.
    static func content(ofLiteral text: String) -> String {
        guard text.first == "'" else { return text }
        return String(text.dropFirst().dropLast()).replacing("''", with: "'")
    }

    private static func replacePairs(
        _ scalars: ArraySlice<Unicode.Scalar>, _ isSelected: (String) -> Bool, _ replacement: (String) -> String,
        into output: inout String
    ) {
        var rest = Substring(String(String.UnicodeScalarView(scalars))).unicodeScalars
        while !rest.isEmpty {
            let pair = rest.prefix { !isSeparator($0) }
            output.unicodeScalars.append(contentsOf: replaced(pair, isSelected, replacement))
            rest = rest[pair.endIndex...]
            if let separator = rest.popFirst() { output.unicodeScalars.append(separator) }
        }
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "&" || scalar.properties.isWhitespace
    }

    private static func replaced(
        _ pair: Substring.UnicodeScalarView, _ isSelected: (String) -> Bool, _ replacement: (String) -> String
    ) -> String.UnicodeScalarView {
        // Nothing behind it: no value, or one that stands apart.
        guard let equals = pair.firstIndex(of: "="), pair.index(after: equals) < pair.endIndex else {
            return String.UnicodeScalarView(pair)
        }
        var names = [pair[..<equals]]
        for index in pair[..<equals].indices where "?;-#".unicodeScalars.contains(pair[index]) {
            names.append(pair[pair.index(after: index)..<equals])
        }
        guard names.contains(where: { isSelected(decoded($0)) }) else { return String.UnicodeScalarView(pair) }
        let value = decoded(pair[pair.index(after: equals)...])
        return "\(String(String.UnicodeScalarView(pair[...equals])))\(replacement(value))".unicodeScalars
    }

    /// Percent-encoding and `+` undone, so that a value has the digest that it has as a parameter.
    private static func decoded(_ text: Substring.UnicodeScalarView) -> String {
        var bytes: [UInt8] = []
        var rest = Array(String(String.UnicodeScalarView(text)).utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: With space and quotes

    /// Where the values of selected names stand that are quoted, or apart from their `=`.
    private static func comparedValues(
        _ scalars: [Unicode.Scalar], _ isSelected: (String) -> Bool
    ) -> [Range<Int>] {
        var values: [Range<Int>] = []
        var index = 0
        while let equals = scalars[index...].firstIndex(of: "=") {
            index = equals + 1
            guard let value = value(after: equals, in: scalars), isSelected(name(before: equals, in: scalars)) else {
                continue
            }
            values.append(value)
            index = value.upperBound
        }
        return values
    }

    /// The last part of the name that ends before `equals`, without quotes: `ssn` of `c."ssn" =`.
    private static func name(before equals: Int, in scalars: [Unicode.Scalar]) -> String {
        var end = equals
        while end > 0, scalars[end - 1].properties.isWhitespace { end -= 1 }
        let name = scalars[..<end].reversed().prefix {
            $0.properties.isAlphabetic || $0.properties.numericType != nil || "_$\"".unicodeScalars.contains($0)
        }
        return String(String.UnicodeScalarView(name.reversed().filter { $0 != "\"" }))
    }

    /// Where the value is; `nil` where it stands right behind its `=` and has no quotes, as forms have it.
    private static func value(after equals: Int, in scalars: [Unicode.Scalar]) -> Range<Int>? {
        var start = equals + 1
        while start < scalars.count, scalars[start].properties.isWhitespace { start += 1 }
        guard start < scalars.count else { return nil }
        var end = start
        guard scalars[start] == "'" else {
            let isApart = start > equals + 1 || equals > 0 && scalars[equals - 1].properties.isWhitespace
            guard isApart else { return nil }
            while end < scalars.count, !scalars[end].properties.isWhitespace,
                !",;)".unicodeScalars.contains(scalars[end])
            {
                end += 1
            }
            return start..<end
        }
        end += 1
        while end < scalars.count {
            guard scalars[end] == "'" else {
                end += 1
                continue
            }
            guard end + 1 < scalars.count, scalars[end + 1] == "'" else { return start..<(end + 1) }
            end += 2
        }
        return start..<end
    }
}
