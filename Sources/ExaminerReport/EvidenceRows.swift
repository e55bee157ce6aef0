// What a tally keeps of entries, a type for each kind of row.

extension EvidenceTally {
    struct AccessKey: Sendable, Hashable {
        let person: Person
        let target: String
        let kind: String
        let action: String
    }

    struct Access: Sendable {
        var commands = 0
        var refused = 0
        var failed = 0
        var rows: Int64 = 0
        var answerBytes: Int64 = 0
        var first: UInt64?
        var last: UInt64?
    }

    /// A command that ran because people had approved it.
    struct Elevated: Sendable {
        let index: UInt64?
        let time: String
        let person: Person
        let target: String
        let text: String
        let ticket: String
        let justification: String
        let approvers: [Person]
        /// What the command was called with, as a person would write it.
        let parameters: String
        /// What the approvers were shown, and whose agreement was needed; `nil` where no entry before says it.
        let request: TicketRequest?
    }

    struct ApprovalStep: Sendable {
        let index: UInt64?
        let time: String
        let ticket: String
        let step: String
        let requester: Person?
        let actor: Person?
        let target: String
        let justification: String?
        /// What was asked for, and whose agreement it needs; `nil` where no entry before says it.
        let request: TicketRequest?
    }

    struct MaskKey: Sendable, Hashable {
        let target: String
        let rule: String
        let selector: String
    }

    struct SignInFailureKey: Sendable, Hashable {
        let code: String
        let client: String
    }

    struct PolicyLoad: Sendable {
        let index: UInt64?
        let time: String
        let by: String
        let policy: String?
        let previous: String?
        let refusal: String?
        let changes: ToldChanges
        /// What changed of the files that hold the policies.
        let files: ToldChanges
    }

    /// Policies by which the gateway judges, as an entry says.
    struct PolicyInForce: Sendable {
        let index: UInt64?
        let time: String
        let policy: String
        /// On trial beside it; entries of kind `start` do not say.
        let candidate: String?
    }

    struct ConfigurationChange: Sendable {
        let index: UInt64?
        let time: String
        let digest: String?
        let previous: String?
        let changes: ToldChanges
    }

    struct Breach: Sendable {
        let index: UInt64?
        let time: String
        let person: Person
        /// What they did, as a sentence's end.
        let what: String
    }
}
