import Identifiers

// Only Identity makes a caller, from a token that it has verified; these tests are about what a caller may do.
@testable import Identity

/// People of these tests, as the authenticator would make them.
enum Callers {
    static let issuer = "https://issuer.example"

    static func person(_ subject: String, in groups: String..., issuer: String = issuer) -> Caller {
        caller(subject, issuer, .known(Set(groups)))
    }

    static func personWithUnknownGroups(_ subject: String) -> Caller {
        caller(subject, issuer, .unknown(.entraOverage))
    }

    private static func caller(_ subject: String, _ issuer: String, _ groups: CallerGroups) -> Caller {
        Caller(
            issuer: issuer, subject: subject, label: "\(subject)@example.com", groups: groups,
            signedInAt: Timestamp(milliseconds: 1_780_000_000_000),
            expiresAt: Timestamp(milliseconds: 1_790_000_000_000))
    }

    static let alice = person("alice", in: "payments")
    static let bob = person("bob", in: "approver")
    static let carol = person("carol", in: "auditor")
    static let dave = person("dave", in: "approver")
}
