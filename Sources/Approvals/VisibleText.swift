/// Text from outside as an approver may see it: what would act on the screen instead of standing on it is named.
///
/// A right-to-left override, a zero-width joiner or an escape sequence can make a command look like another one; what
/// was reviewed must be what runs.
public enum VisibleText {
    /// `text` with every control, format, private, unassigned and line-breaking character, except line feeds and tabs,
    /// written as `⟦U+202E⟧`.
    public static func escape(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            if isHidden(scalar) { out += "⟦\(name(of: scalar))⟧" } else { out.unicodeScalars.append(scalar) }
        }
        return out
    }

    /// E.g. `U+202E`.
    static func name(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\n" || scalar == "\t" { return false }
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        if scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.isBidiControl { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return false
        }
    }
}
