import Identifiers

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What went wrong with the audit log, in the operator's words.
public enum AuditError: Error, Equatable, Sendable {
    /// An entry must be 1 to 65,535 bytes (the entry bundle's 16-bit length); larger texts stand beside the log.
    case entryTooLarge(bytes: Int)
    case entryEmpty
    /// The disk or the quota is full. Appends work again by themselves when space returns.
    case storeFull(path: String)
    case storeReadOnly(path: String)
    /// The disk took only a part of an entry; that part was removed again.
    case shortWrite(path: String, written: Int, expected: Int)
    /// Any other operation that the system refused, with its error number.
    case storeFailed(operation: String, path: String, code: Int32)
    /// A failed write could not be undone; appends are refused until the undo succeeds, which each append tries.
    case journalPoisoned(path: String, code: Int32)
    /// The disk did not take what was written to a journal.
    case journalInDoubt(path: String, code: Int32)
    case journalClosed(name: String)
    /// A journal is named by 1 to 64 of `a-z`, `0-9` and `-`.
    case journalNameInvalid(String)
    case journalNameInUse(String)
    /// A record in the middle of a journal does not have its checksum, and whole records follow it.
    case journalDamaged(path: String, offset: UInt64)
    /// Another process has the directory's lock.
    case directoryInUse(path: String, processID: Int32?)
    /// A log's origin must be a key name: not empty, no white space, no `+`.
    case originInvalid(String)
    /// So must a witness's name.
    case witnessNameInvalid(String)
    /// The signing key is readable by others than its owner.
    case keyPermissions(path: String, permissions: UInt32)
    case keyMalformed(path: String, reason: String)
    /// The configured key is of a kind that this version cannot sign with.
    case signingKeyUnknown(String)
    /// The new key is in its place, and what follows did not succeed: the next start does it.
    case rotationUnfinished(key: String, reason: String)
    /// Until then the key before the newest signs too, as an earlier rotation promised those who know it alone.
    case overlapLasts(key: String, until: Timestamp)
    /// The log has entries but its key is gone; a new one must not be made silently.
    case keyMissing(path: String, treeSize: UInt64)
    /// The checkpoint was not signed by this key, or names another origin.
    case keyMismatch(checkpoint: String, key: String)
    /// The folder holds neither a checkpoint nor tiles.
    case noLog(path: String)
    case stateMissing(path: String)
    case stateDamaged(path: String, reason: String)
    case checkpointMalformed(path: String, reason: String)
    /// The signed tree is larger than what the state knows: the directory was set back to an older copy.
    case checkpointAhead(checkpointSize: UInt64, stateSize: UInt64)
    /// What is stored does not lead to the signed root; signing on would fork the log.
    case checkpointInconsistent(treeSize: UInt64, signed: TreeHash, computed: TreeHash)
    case tileMissing(path: String)
    case tileDamaged(path: String, reason: String)
    /// Asked for an index or size that the log does not have (yet).
    case outOfRange(index: UInt64, treeSize: UInt64)

    init(_ failure: FileOperations.Failure, path: String) {
        let path = failure.path.isEmpty ? path : failure.path
        self =
            switch failure.code {
            case ENOSPC, EDQUOT: .storeFull(path: path)
            case EROFS: .storeReadOnly(path: path)
            default: .storeFailed(operation: failure.operation, path: path, code: failure.code)
            }
    }
}

extension AuditError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .entryTooLarge(let bytes):
            "the entry has \(bytes) bytes; an audit entry has at most \(AuditLog.maximumEntryBytes): "
                + "store the large text beside the log and put its digest into the entry"
        case .entryEmpty: "an audit entry cannot be empty"
        case .storeFull(let path):
            "no space left for the audit log at \(path): free space, appends resume by themselves"
        case .storeReadOnly(let path): "the audit log at \(path) is on a read-only file system"
        case .shortWrite(let path, let written, let expected):
            "the disk took \(written) of \(expected) bytes for \(path): the entry was refused and removed"
        case .storeFailed(let operation, let path, let code):
            "\(operation) failed for \(path): \(String(cString: strerror(code)))"
        case .journalPoisoned(let path, let code):
            "a failed write to \(path) could not be undone (\(String(cString: strerror(code)))): appends are refused "
                + "until that succeeds"
        case .journalInDoubt(let path, let code):
            "what was written to \(path) may not be on the disk (\(String(cString: strerror(code)))): appends are refused "
                + "until it takes writes again"
        case .journalClosed(let name): "the journal \(name) is closed"
        case .journalNameInvalid(let name): "\"\(name)\" cannot name a journal: use 1 to 64 of a-z, 0-9 and -"
        case .journalNameInUse(let name): "the journal \(name) is already open"
        case .journalDamaged(let path, let offset):
            "the record at byte \(offset) of \(path) is damaged and records follow it: move the file aside to start, "
                + "and keep it as evidence"
        case .directoryInUse(let path, let processID):
            "another gateway\(processID.map { " (process \($0))" } ?? "") is using the audit log at \(path)"
        case .originInvalid(let origin):
            "\"\(origin)\" cannot be the log's origin: it must not be empty nor hold white space or +"
        case .witnessNameInvalid(let name):
            "\"\(name)\" cannot be a witness's name: it must not be empty nor hold white space or +, as "
                + "witness.example.com/w1"
        case .keyPermissions(let path, let permissions):
            "the signing key \(path) has permissions 0\(String(permissions, radix: 8)): run chmod 600 on it"
        case .keyMalformed(let path, let reason): "the key in \(path) cannot be read: \(reason)"
        case .signingKeyUnknown(let text):
            "\"\(text.prefix(128))\" is no signing key that can be used here: give file:PATH; keys in PKCS#11 tokens and "
                + "key services are not supported yet"
        case .rotationUnfinished(let key, let reason):
            "the new key \(key) is in its place, and its entry is not in the log yet (\(reason)): the next start of the "
                + "gateway writes it; do not rotate again"
        case .overlapLasts(let key, let until):
            "the key \(key) signs beside the newest until \(until), which the rotation before promised those who know it "
                + "alone"
        case .keyMissing(let path, let treeSize):
            "the log has \(treeSize) entries but its signing key \(path) is missing: restore it from its backup"
        case .keyMismatch(let checkpoint, let key):
            "the checkpoint is signed as \(checkpoint) and the configured key is \(key): use the log's own key and origin"
        case .noLog(let path):
            "there is no audit log in \(path): it holds neither a checkpoint nor tiles"
        case .stateMissing(let path):
            "the log has a checkpoint or tiles but its state \(path) is missing: restore the whole directory"
        case .stateDamaged(let path, let reason): "the state \(path) is damaged: \(reason)"
        case .checkpointMalformed(let path, let reason): "the checkpoint \(path) is not valid: \(reason)"
        case .checkpointAhead(let checkpointSize, let stateSize):
            "the checkpoint signs \(checkpointSize) entries and the state knows \(stateSize): "
                + "the directory was set back to an older copy"
        case .checkpointInconsistent(let treeSize, let signed, let computed):
            "the stored tree of \(treeSize) entries has root \(computed), signed is \(signed): run audit verify"
        case .tileMissing(let path): "\(path) is missing: run audit verify"
        case .tileDamaged(let path, let reason): "\(path) is damaged: \(reason); run audit verify"
        case .outOfRange(let index, let treeSize): "index \(index) is outside of the log, which has \(treeSize) entries"
        }
    }
}
