import Identifiers

/// What is kept beside the log, by how it is made; the raw value is the folder below the state folder.
public enum EvidenceKind: String, Sendable, CaseIterable {
    /// Commands that are too large for an entry of the log.
    case payloads
    /// Masked values, sealed to the auditors.
    case originals
    /// Recordings of sessions and terminals.
    case recordings
}

/// Who a piece of evidence is about.
public struct EvidenceOwner: Sendable, Hashable {
    public let session: UUIDv7
    public let issuer: String
    public let subject: String
    /// The target of the session.
    public let target: String

    public init(session: UUIDv7, issuer: String, subject: String, target: String) {
        self.session = session
        self.issuer = issuer
        self.subject = subject
        self.target = target
    }
}

/// One file of evidence.
public struct EvidenceItem: Sendable, Hashable {
    public let kind: EvidenceKind
    /// The file's path below the state folder, e.g. `recordings/2026-11-26/<session>.jsonl`. It never changes: what is
    /// sealed is sealed under it.
    public let name: String
    public let owner: EvidenceOwner

    /// - Parameter path: Below the folder of the kind.
    public init(_ kind: EvidenceKind, path: String, owner: EvidenceOwner) {
        self.init(kind, name: "\(kind.rawValue)/\(path)", owner: owner)
    }

    init(_ kind: EvidenceKind, name: String, owner: EvidenceOwner) {
        self.kind = kind
        self.name = name
        self.owner = owner
    }
}
