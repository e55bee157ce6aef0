import Identity

/// Finds the token with which a caller signs in (RFC 6750).
enum BearerToken {
    /// From `Sallyport-Authorization` where it is there, so that `Authorization` is free for the function; else from
    /// `Authorization`. Two fields of one name are refused: another receiver might read the other one.
    static func find(in fields: HeaderFields) throws(SignInError) -> (token: String, isOwnField: Bool) {
        let isOwnField = fields.contains(.sallyportAuthorization)
        let field: KnownField = isOwnField ? .sallyportAuthorization : .authorization
        guard let value = fields.first(field) else { throw .missing }
        guard fields.count(of: field) == 1 else { throw .malformed("the field with the token stands more than once") }
        let scheme = value.prefix { $0 != " " }
        guard scheme.lowercased() == "bearer" else { throw .missing }
        let token = value.dropFirst(scheme.count).drop { $0 == " " }
        guard !token.isEmpty else { throw .missing }
        return (String(token), isOwnField)
    }
}
