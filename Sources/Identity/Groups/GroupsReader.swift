import StrictJSON

/// Reads a caller's groups out of a verified token, minding how each provider leaves some out.
struct GroupsReader {
    let configuration: IssuerConfiguration
    /// Okta sends at most this many and does not say that it cut.
    private static let oktaLimit = 100

    func groups(in claims: JSONValue) -> CallerGroups {
        let added = staticGroups(for: claims)
        switch fromToken(claims) {
        case .known(let names): return .known(names.union(added ?? []))
        case .unknown(let reason):
            // For Google the static map is the only source, so what it says is the whole truth.
            if case .googleWithoutGroups = reason, let added { return .known(added) }
            return .unknown(reason)
        }
    }

    private func fromToken(_ claims: JSONValue) -> CallerGroups {
        let path = configuration.groupsClaim.joined(separator: ".")
        if configuration.provider == .entra || claims["_claim_names"] != nil {
            // The reference leads to a URL in the token, which is never fetched.
            if claims["_claim_names"]?["groups"] != nil || claims["hasgroups"] == true
                || claims["hasgroups"] == "true"
            {
                return .unknown(.entraOverage)
            }
        }
        var value: JSONValue? = claims
        for name in configuration.groupsClaim { value = value?[name] }
        guard let value, !value.isNull else {
            if configuration.provider == .google { return .unknown(.googleWithoutGroups) }
            return configuration.groupsRequired ? .unknown(.claimMissing(path)) : .known([])
        }
        if let one = value.string { return .known([one]) }
        guard let elements = value.array else { return .unknown(.claimMalformed(path)) }
        let names = elements.compactMap(\.string)
        guard names.count == elements.count else { return .unknown(.claimMalformed(path)) }
        if configuration.provider == .okta, names.count >= Self.oktaLimit { return .unknown(.oktaLimit(names.count)) }
        return .known(Set(names))
    }

    /// By subject, or by an email address that the provider has verified.
    private func staticGroups(for claims: JSONValue) -> Set<String>? {
        var groups: Set<String>?
        if let subject = claims["sub"]?.string, let names = configuration.staticGroups[subject] {
            groups = Set(names)
        }
        if claims["email_verified"] == true, let email = claims["email"]?.string,
            let names = configuration.staticGroups[email]
        {
            groups = (groups ?? []).union(names)
        }
        return groups
    }
}
