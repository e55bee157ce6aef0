/// One side broke the protocol, so that what it means can no longer be known. The session has to end.
struct SFTPViolation: Error, Equatable, CustomStringConvertible {
    enum Party: String, Sendable {
        case caller
        case host
    }

    let party: Party
    /// What was wrong, with the value.
    let text: String

    init(_ party: Party, _ text: String) {
        self.party = party
        self.text = text
    }

    var description: String { "SFTP: the \(party.rawValue) broke the protocol: \(text)" }
}
