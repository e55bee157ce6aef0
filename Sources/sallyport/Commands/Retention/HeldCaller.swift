/// A caller as lists and policies print them: `issuer|subject`. `issuer#subject` is taken too.
struct HeldCaller {
    let issuer: String
    let subject: String

    init?(_ text: String) {
        // The URL of an issuer has no fragment (OpenID Connect Discovery, section 2) and no bar (RFC 3986, appendix A); a
        // subject may have anything in it. So the first of them ends the issuer.
        let scalars = text.unicodeScalars
        guard let end = scalars.firstIndex(where: { $0 == "|" || $0 == "#" }), end > scalars.startIndex else {
            return nil
        }
        issuer = String(scalars[..<end])
        subject = String(scalars[scalars.index(after: end)...])
        guard !subject.isEmpty else { return nil }
    }
}
