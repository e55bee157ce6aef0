import StrictJSON

/// Somebody as entries name them. Issuer and subject are the identity; the label is for reading.
struct Person: Sendable, Hashable {
    let issuer: String
    let subject: String

    init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }

    init?(_ value: JSONValue?) {
        guard let issuer = value?["issuer"]?.string, let subject = value?["subject"]?.string else { return nil }
        self.init(issuer: issuer, subject: subject)
    }

    /// As a policy load names who asked for it: `issuer|subject`. A subject may hold a bar; the URL of an issuer has none.
    init?(policyLoader text: String) {
        guard let bar = text.firstIndex(of: "|") else { return nil }
        self.init(issuer: String(text[..<bar]), subject: String(text[text.index(after: bar)...]))
    }

    // Texts that only look alike are other people: Swift's own equality would take them for one.
    static func == (left: Person, right: Person) -> Bool {
        left.issuer.utf8.elementsEqual(right.issuer.utf8) && left.subject.utf8.elementsEqual(right.subject.utf8)
    }
}
