import Identifiers

/// The keys that a log was signed with, one after another, as the rotations in the log itself link them.
///
/// Whoever trusts one of them can trust the others: each rotation is signed by the key before and the key after it.
/// A checkpoint of as many entries as a rotation's index, or fewer, is the old key's; a larger one is the new key's.
public struct KeyHistory: Sendable {
    /// What is wrong with an entry that says that the key was rotated.
    public struct Fault: Sendable, Equatable {
        public let index: UInt64
        public let id: UUIDv7?
        public let reason: String
    }

    /// The rotations that lead to and from the trusted key, in log order.
    public let rotations: [KeyRotation]
    public let faults: [Fault]

    /// Reads a log's rotations, from its entries.
    ///
    /// - Parameters:
    ///   - directory: The log's folder, or a mirror of it.
    ///   - key: The one that is trusted.
    ///   - treeSize: How many entries to look at.
    public init(
        of directory: String, trusting key: NoteVerifierKey, treeSize: UInt64, fileOperations: FileOperations = .system
    ) throws(AuditError) {
        try self.init(TileReader(root: directory, files: fileOperations), trusting: key, treeSize: treeSize)
    }

    init(_ tiles: TileReader, trusting key: NoteVerifierKey, treeSize: UInt64) throws(AuditError) {
        var found: [(entry: AuditEntry, rotation: KeyRotation)] = []
        var faults: [Fault] = []
        for entry in try Self.entries(tiles, treeSize) {
            do {
                found.append((entry, try KeyRotation(entry: entry.bytes)))
            } catch {
                faults.append(Fault(entry, "its key rotation cannot be read: \(error)"))
            }
        }
        let tree = StoredTree(tiles: tiles, size: treeSize)
        func fault(_ step: (entry: AuditEntry, rotation: KeyRotation)) -> String? {
            let index = step.entry.index ?? 0
            do throws(AuditError) {
                return step.rotation.fault(at: index, root: try MerkleProof.root(size: index, in: tree))
            } catch {
                // Verification of the tree names the tile.
                return "the tree before it cannot be read, so that its statement cannot be held against that"
            }
        }

        // From the trusted key on, and then back, as far as each step is good.
        let start = found.firstIndex { $0.rotation.old == key } ?? found.count
        var after: [KeyRotation] = []
        var current = key
        for step in found[start...] {
            guard step.rotation.old == current else {
                faults.append(
                    Fault(
                        step.entry,
                        "it rotates the key \(step.rotation.old), and the log's key before it is \(current)"))
                break
            }
            if let reason = fault(step) {
                faults.append(Fault(step.entry, reason))
                break
            }
            after.append(step.rotation)
            current = step.rotation.new
        }
        var before: [KeyRotation] = []
        current = key
        for step in found[..<start].reversed() {
            guard step.rotation.new == current else { break }
            if let reason = fault(step) {
                faults.append(Fault(step.entry, reason))
                break
            }
            before.append(step.rotation)
            current = step.rotation.old
        }
        rotations = before.reversed() + after
        self.faults = faults.sorted { $0.index < $1.index }
    }

    /// The key that a checkpoint of so many entries must be signed by; `nil` when the log tells of no rotation that leads
    /// there.
    public func key(at treeSize: UInt64) -> NoteVerifierKey? {
        rotations.first { treeSize <= $0.treeSize }?.old ?? rotations.last?.new
    }

    /// `policy`, with the key that signed the log when `checkpoint` was made, as far as the log tells.
    public func policy(_ policy: TrustPolicy, for checkpoint: SignedCheckpoint) -> TrustPolicy {
        guard !checkpoint.isSigned(by: policy.key), let key = key(at: checkpoint.treeSize) else { return policy }
        return TrustPolicy(key: key, witnesses: policy.witnesses, quorum: policy.quorum)
    }

    /// The entries that say that the key was rotated. Stops where the files end: verification says that they do.
    private static func entries(_ tiles: TileReader, _ treeSize: UInt64) throws(AuditError) -> [AuditEntry] {
        var found: [AuditEntry] = []
        var index: UInt64 = 0
        while index << 8 < treeSize {
            let width = TilePath.width(level: 0, index: index, size: treeSize)
            guard let bytes = try tiles.bytes(of: TilePath(.entries, index: index, width: width)) else { break }
            // Few bundles hold one, and the text of a command cannot: there the quotes are escaped.
            if AuditEntry(index: nil, bytes: bytes).holds(#""kind":"key-rotation""#) {
                var bundle = EntryBundle(bytes)
                for position in 0..<width {
                    guard let entry = bundle.next() else { break }
                    let read = AuditEntry(index: index << 8 + UInt64(position), bytes: Array(entry))
                    if read.kind == KeyRotation.kind { found.append(read) }
                }
            }
            index += 1
        }
        return found
    }
}

extension TrustPolicy {
    /// This policy, with the key that the log in `directory` had when `checkpoint` was signed, as far as the log tells:
    /// the key may have been rotated.
    public func signing(
        _ checkpoint: SignedCheckpoint, of directory: String, fileOperations: FileOperations = .system
    ) throws(AuditError) -> TrustPolicy {
        guard !checkpoint.isSigned(by: key) else { return self }
        let newest = try AuditReader(directory: directory, fileOperations: fileOperations).checkpoint()
        let history = try KeyHistory(
            of: directory, trusting: key, treeSize: newest.treeSize, fileOperations: fileOperations)
        return history.policy(self, for: checkpoint)
    }
}

extension KeyHistory.Fault {
    fileprivate init(_ entry: AuditEntry, _ reason: String) {
        self.init(index: entry.index ?? 0, id: entry.id, reason: reason)
    }
}

/// Finds for each checkpoint the key that it must be signed by, given one key of the log. Reads the log's rotations once
/// it meets a checkpoint that the given key did not sign.
struct CheckpointKeys {
    private let tiles: TileReader
    private(set) var history: KeyHistory?

    init(_ tiles: TileReader) { self.tiles = tiles }

    /// `policy`, with the key that signed the log when `checkpoint` was made. Says in `report` what is wrong with the
    /// rotations on the way there.
    ///
    /// - Parameter treeSize: Of the log.
    mutating func policy(
        _ policy: TrustPolicy, for checkpoint: SignedCheckpoint, treeSize: UInt64, _ report: inout VerificationReport
    ) throws(AuditError) -> TrustPolicy {
        if checkpoint.isSigned(by: policy.key) { return policy }
        let known: KeyHistory
        if let history {
            known = history
        } else {
            known = try KeyHistory(tiles, trusting: policy.key, treeSize: treeSize)
            for fault in known.faults { report.add(.entry(index: fault.index, id: fault.id), fault.reason) }
            report.followedRotations = known.rotations.map(\.treeSize)
            history = known
        }
        return known.policy(policy, for: checkpoint)
    }
}
