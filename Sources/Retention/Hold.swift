import Identifiers
import StrictJSON
import Vault

/// A legal hold: evidence that it covers is kept until it is released, whatever the rules say.
public struct Hold: Sendable, Equatable {
    /// Whose evidence is held.
    public enum Subject: Sendable, Equatable {
        case session(UUIDv7)
        /// All sessions of a caller, those to come as well.
        case caller(issuer: String, subject: String)
    }

    public let id: UUIDv7
    public let subject: Subject
    public let reason: String
    /// Who put it: issuer and subject.
    public let by: (issuer: String, subject: String)
    public let time: Timestamp

    public init(
        id: UUIDv7, subject: Subject, reason: String, by: (issuer: String, subject: String), time: Timestamp
    ) {
        self.id = id
        self.subject = subject
        self.reason = reason
        self.by = by
        self.time = time
    }

    public static func == (a: Hold, b: Hold) -> Bool { a.bytes == b.bytes }

    public func covers(_ item: EvidenceItem) -> Bool {
        switch subject {
        case .session(let session): item.owner.session == session
        case .caller(let issuer, let subject):
            item.owner.issuer.isExactly(issuer) && item.owner.subject.isExactly(subject)
        }
    }
}

extension Hold {
    /// The members that its entries in the log and its file have.
    var members: [JSONMember] {
        var members = [
            JSONMember("by", ["issuer": .string(by.issuer), "subject": .string(by.subject)]),
            JSONMember("hold", .string(id.description)), JSONMember("reason", .string(reason)),
        ]
        switch subject {
        case .session(let session): members.append(JSONMember("held_session", .string(session.description)))
        case .caller(let issuer, let subject):
            members.append(
                JSONMember("held_caller", ["issuer": .string(issuer), "subject": .string(subject)]))
        }
        return members
    }

    /// For people and programs.
    public var json: JSONValue { .object(members + [JSONMember("since", .string(time.description))]) }

    var bytes: [UInt8] { json.canonicalBytes }

    init?(_ value: JSONValue) {
        guard let id = value["hold"]?.string.flatMap({ UUIDv7($0) }), let reason = value["reason"]?.string,
            let issuer = value["by"]?["issuer"]?.string, let by = value["by"]?["subject"]?.string,
            let time = value["since"]?.string.flatMap({ Timestamp($0) })
        else { return nil }
        let subject: Subject
        if let session = value["held_session"]?.string.flatMap({ UUIDv7($0) }) {
            subject = .session(session)
        } else if let caller = value["held_caller"], let issuer = caller["issuer"]?.string,
            let name = caller["subject"]?.string
        {
            subject = .caller(issuer: issuer, subject: name)
        } else {
            return nil
        }
        self.init(id: id, subject: subject, reason: reason, by: (issuer, by), time: time)
    }
}
