/// Values that stand in a text after their names, as `name=value`: query strings and forms (WHATWG URL section 5),
/// environment variables, long options.
enum NamedValues {
    /// The text with the values replaced whose names `isSelected` says yes to.
    ///
    /// Where in doubt, a value is taken to reach further and a name to begin earlier or later: too much may be
    /// replaced, but nothing too little.
    static func replace(
        in text: String, whereNamed isSelected: (String) -> Bool, by replacement: (String) -> String
    ) -> String {
        guard text.utf8.contains(UInt8(ascii: "=")) else { return text }
        var output = ""
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            let pair = rest.prefix { !isSeparator($0) }
            output.unicodeScalars.append(contentsOf: replaced(pair, isSelected, replacement))
            rest = rest[pair.endIndex...]
            if let separator = rest.popFirst() { output.unicodeScalars.append(separator) }
        }
        return output
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "&" || scalar.properties.isWhitespace
    }

    private static func replaced(
        _ pair: Substring.UnicodeScalarView, _ isSelected: (String) -> Bool, _ replacement: (String) -> String
    ) -> String.UnicodeScalarView {
        guard let equals = pair.firstIndex(of: "=") else { return String.UnicodeScalarView(pair) }
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
}
