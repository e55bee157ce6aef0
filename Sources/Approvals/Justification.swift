/// The reason that a requester or an approver gives, as it was typed, without white space around it.
///
/// It must say something: text of blanks and invisible characters alone is refused, as are control characters, which
/// could rewrite the terminal of whoever reads the record.
public struct Justification: Sendable, Hashable {
    /// In UTF-8.
    public static let maximumBytes = 2000

    public let text: String

    /// - Throws: `ApprovalError` when `given` is missing, blank, too long or unreadable.
    public init(_ given: String?) throws(ApprovalError) {
        let scalars = given?.unicodeScalars ?? "".unicodeScalars
        guard scalars.count <= Self.maximumBytes * 2 else {
            throw .justificationTooLong(limit: Self.maximumBytes)
        }
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }),
            scalars.contains(where: { $0.isSeen })
        else { throw .justificationMissing }
        let text = String(scalars[first...last])
        guard text.utf8.count <= Self.maximumBytes else {
            throw .justificationTooLong(limit: Self.maximumBytes)
        }
        for scalar in text.unicodeScalars
        where scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" && scalar != "\r" {
            throw .justificationUnreadable(VisibleText.name(of: scalar))
        }
        self.text = text
    }
}

extension Unicode.Scalar {
    /// Letters, digits, symbols and punctuation; not blanks, nor what leaves no mark.
    fileprivate var isSeen: Bool {
        if properties.isWhitespace || properties.isDefaultIgnorableCodePoint || value == 0x2800 { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .unassigned,
            .privateUse, .nonspacingMark, .enclosingMark, .spacingMark:
            return false
        default: return true
        }
    }
}
