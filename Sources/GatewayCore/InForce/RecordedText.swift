import Crypto
import Identifiers
import Masking
import StrictJSON

/// A text of the configuration or of a policy, as an entry may have it.
///
/// Where a detector finds something the digest is that of the text with the keyed digests in it: whoever sees all of a
/// text but a number of nine digits finds the number by its SHA-256.
struct RecordedText: Sendable, Equatable {
    /// Redacted.
    let text: String
    let isRedacted: Bool

    init(_ text: String, redactor: SensitiveTextRedactor) {
        let redacted = redactor.redact(text)
        self.text = redacted ?? text
        isRedacted = redacted != nil
    }

    /// SHA-256 of what is recorded; where nothing was redacted, of the exact text.
    var digest: String { SHA256.hash(data: Array(text.utf8)).hexadecimal }

    /// `{digest, redacted?}`, and the text or how long it is.
    func json(withText: Bool) -> JSONValue { .object(members + [textMember(whole: withText)]) }

    /// `{digest, redacted?}`
    var digestJSON: JSONValue { .object(members) }

    private var members: [JSONMember] {
        var members = [JSONMember("digest", .string(digest))]
        if isRedacted { members.append(JSONMember("redacted", true)) }
        return members
    }

    private func textMember(whole: Bool) -> JSONMember {
        whole ? JSONMember("text", .string(text)) : JSONMember("text_bytes", .number(String(text.utf8.count)))
    }
}
