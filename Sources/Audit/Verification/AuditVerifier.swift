import Foundation

/// Verifies a log from its files and the public key alone.
///
/// Every entry is hashed anew and the whole tree is computed from the entries up, on all cores. Each stored hash tile
/// must be the one computed, and the root the one that the checkpoint signs. Where two files disagree, the one that the
/// signed root vouches for is right and the other is named. Memory is bounded: one bundle a thread and one tile a level.
/// What is found, and in which order, is the same however many threads there are.
public struct AuditVerifier {
    /// Verifies the log in `directory` against a public key text (`log.vkey`).
    ///
    /// - Parameters:
    ///   - threads: How many of them hash; as many as there are cores by default.
    ///   - progress: Called now and then, on the caller's thread, with the entries checked and the entries in all.
    /// - Returns: What was found; the log is good when `isValid`.
    /// - Throws: `AuditError` when the files cannot be read at all; `keyMalformed` when `vkey` is no key.
    public static func verify(
        directory: String, vkey: String, fileOperations: FileOperations = .system,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (_ checked: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(AuditError) -> VerificationReport {
        let key: NoteVerifierKey
        do { key = try NoteVerifierKey(vkey) } catch {
            throw .keyMalformed(path: "the verifier key", reason: error.description)
        }
        return try verify(
            directory: directory, under: TrustPolicy(key: key), fileOperations: fileOperations,
            threads: threads, progress: progress)
    }

    /// Verifies the log in `directory`.
    ///
    /// - Parameters:
    ///   - policy: Whose signatures the checkpoint must have.
    ///   - kept: Checkpoints of earlier, kept elsewhere: the log must have grown from each of them.
    ///   - threads: How many of them hash; as many as there are cores by default.
    ///   - progress: Called now and then, on the caller's thread, with the entries checked and the entries in all.
    /// - Throws: `AuditError` when the files cannot be read at all.
    public static func verify(
        directory: String, under policy: TrustPolicy, since kept: [SignedCheckpoint] = [],
        fileOperations: FileOperations = .system,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (_ checked: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(AuditError) -> VerificationReport {
        var verifier = AuditVerifier(paths: LogPaths(root: directory), files: fileOperations)
        guard try verifier.paths.holdLog(fileOperations) else { throw .noLog(path: directory) }
        // Before the checkpoint: what was witnessed or stamped by then is never ahead of that.
        let witnessed = try verifier.readWitnessed()
        let stamps = CheckpointStamps(directory: directory, fileOperations: fileOperations)
        let stamped = try stamps.sizes()
        let checkpoint = try verifier.readCheckpoint(policy.key)
        if let checkpoint {
            var tree = TreeVerifier(checkpoint: checkpoint, tiles: verifier.tiles, threads: threads)
            try tree.verify(into: &verifier.report, progress: progress)
            verifier.isTreeGood = verifier.report.isValid
            // What is wrong with the newest was said already, and says nothing about the older ones.
            if verifier.isTreeGood {
                let older = OlderPartialTiles(tiles: verifier.tiles, size: checkpoint.treeSize)
                verifier.report.add(try older.verify())
            }
            try verifier.verify(checkpoint, under: policy, witnessed: witnessed)
            let verification = StampVerification(stamps: stamps, sizes: stamped, tiles: verifier.tiles)
            try verification.verify(
                against: checkpoint, isTreeGood: verifier.isTreeGood, policy.key, &verifier.keys, &verifier.report)
            for old in kept {
                try verifier.verify(checkpoint, growsFrom: old, "the kept checkpoint", policy.key)
                verifier.vouch(for: old)
            }
            if verifier.isTreeGood { try verifier.verifyEnd(of: checkpoint) }
        }
        try verifier.verifyJournals(checkpoint)
        return verifier.report
    }

    private let paths: LogPaths
    private let files: FileOperations
    private let tiles: TileReader
    private var keys: CheckpointKeys
    private var report = VerificationReport()
    /// Whether the tree is the signed one, so that what else there is can be held against it.
    private var isTreeGood = false

    private init(paths: LogPaths, files: FileOperations) {
        self.paths = paths
        self.files = files
        tiles = TileReader(root: paths.root, files: files)
        keys = CheckpointKeys(tiles)
    }

    /// The checkpoint to hold the tree against. When its signature is wrong the tree is still compared with what it
    /// says, because that narrows down what was changed.
    private mutating func readCheckpoint(_ key: NoteVerifierKey) throws(AuditError) -> SignedCheckpoint? {
        guard let bytes = try files.contents(of: paths.checkpoint) else {
            report.add(.checkpoint, "it is missing")
            return nil
        }
        let checkpoint: SignedCheckpoint
        do {
            checkpoint = try SignedCheckpoint(parsing: bytes)
        } catch {
            report.add(.checkpoint, error.description)
            return nil
        }
        let signing = try keys.policy(
            TrustPolicy(key: key), for: checkpoint, treeSize: checkpoint.treeSize, &report)
        do {
            _ = try SignedCheckpoint(parsing: bytes, verifiedBy: signing.key)
        } catch {
            report.add(.checkpoint, error.description)
        }
        report.origin = checkpoint.origin
        report.treeSize = checkpoint.treeSize
        report.root = checkpoint.root
        return checkpoint
    }

    /// The checkpoint that witnesses cosigned, where there is one, or what is wrong with its file.
    private func readWitnessed() throws(AuditError) -> (checkpoint: SignedCheckpoint?, fault: String?) {
        do {
            return (try WitnessedCheckpoint(directory: paths.root, fileOperations: files).load(), nil)
        } catch {
            guard case .checkpointMalformed(_, let reason) = error else { throw error }
            return (nil, reason)
        }
    }

    /// Holds the log against the checkpoint that the witnesses cosigned; what came since is theirs to see yet. It must be
    /// of this log too where nobody asks for their word.
    private mutating func verify(
        _ checkpoint: SignedCheckpoint, under policy: TrustPolicy,
        witnessed found: (checkpoint: SignedCheckpoint?, fault: String?)
    ) throws(AuditError) {
        let name = "checkpoint.witnessed"
        if let fault = found.fault { return report.add(.tile(path: name), fault) }
        let stored = found.checkpoint
        guard !policy.witnesses.isEmpty else {
            if let stored { try verify(checkpoint, growsFrom: stored, name, policy.key) }
            return
        }
        let witnessed = stored ?? checkpoint
        let signing = try keys.policy(policy, for: witnessed, treeSize: checkpoint.treeSize, &report)
        do {
            try signing.check(witnessed)
        } catch {
            return report.add(.checkpoint, error.description)
        }
        try verify(checkpoint, growsFrom: witnessed, name, policy.key)
        // With a quorum of none nobody has to have seen it.
        guard policy.quorum > 0 else { return }
        report.witnessedEntries = witnessed.treeSize
        vouch(for: witnessed)
    }

    /// - Parameter old: Somebody else's, that the log was just held against.
    private mutating func vouch(for old: SignedCheckpoint) {
        guard report.isValid else { return }
        report.vouchedEntries = max(report.vouchedEntries ?? 0, old.treeSize)
    }

    /// Holds the log against a checkpoint that somebody kept: a log that was cut off and signed anew, or another one
    /// beside it, does not grow from that.
    ///
    /// - Parameter name: What it is called.
    private mutating func verify(
        _ checkpoint: SignedCheckpoint, growsFrom old: SignedCheckpoint, _ name: String, _ key: NoteVerifierKey
    ) throws(AuditError) {
        let signing = try keys.policy(TrustPolicy(key: key), for: old, treeSize: checkpoint.treeSize, &report)
        do {
            try signing.check(old)
        } catch {
            return report.add(
                .checkpoint, "\(name), of \(old.treeSize) entries, cannot be held against it: \(error)")
        }
        guard old.treeSize <= checkpoint.treeSize else {
            // A gateway's own folder has the state beside them.
            let isCopy = try files.statusIfPresent(paths.state) == nil
            return report.add(
                .entries(checkpoint.treeSize...(old.treeSize - 1)),
                "they were in the log when \(name) was signed, and are not now"
                    + (isCopy ? "; a folder that was copied while the log grew looks so too: copy it again" : ""))
        }
        // What is wrong with the files was said already.
        guard isTreeGood else { return }
        let tree = StoredTree(tiles: tiles, size: checkpoint.treeSize)
        let root = try MerkleProof.root(size: old.treeSize, in: tree)
        if root != old.root {
            report.add(
                .checkpoint,
                "of the first \(old.treeSize) entries at least one is another than when \(name) was signed: there are "
                    + "two logs under one key")
        }
    }

    // MARK: The end

    /// Looks for what an older checkpoint that was put back leaves: tiles of entries that it does not sign.
    ///
    /// A mirror gets its tiles first, as many as it has to, and then the checkpoint: there they are only counted.
    private mutating func verifyEnd(of checkpoint: SignedCheckpoint) throws(AuditError) {
        let unsigned = try UnsignedTiles(tiles, beyond: checkpoint.treeSize)
        // The gateway may be writing: what it had written by then is one batch ahead of what is signed now at most.
        let size = try newestSize(after: checkpoint)
        guard try files.statusIfPresent(paths.state) != nil else {
            if unsigned.reach > size { report.unsignedEntries = unsigned.reach - size }
            return
        }
        if unsigned.areAhead(of: size) { report.addCutOff(from: size, to: unsigned.reach, "its tiles reach to") }
    }

    /// How many entries are signed by now.
    private func newestSize(after checkpoint: SignedCheckpoint) throws(AuditError) -> UInt64 {
        let bytes = try files.contents(of: paths.checkpoint) ?? []
        guard let newest = try? SignedCheckpoint(parsing: bytes) else { return checkpoint.treeSize }
        return max(checkpoint.treeSize, newest.treeSize)
    }

    // MARK: The journals

    /// - Parameter checkpoint: `nil` where there is none to read.
    private mutating func verifyJournals(_ checkpoint: SignedCheckpoint?) throws(AuditError) {
        let findings: PendingJournals.Findings
        do {
            findings = try PendingJournals(paths: paths, files: files).read { _ in }
        } catch {
            guard case .stateDamaged(_, let reason) = error else { throw error }
            report.add(.tile(path: ".state/state"), reason)
            return
        }
        report.pendingEntries = findings.entries
        report.unfinishedJournals = findings.unfinished
        for (path, offset) in findings.damaged {
            report.add(.journal(path: path, offset: offset), "the record's checksum is wrong and records follow it")
        }
        // The state was read after the checkpoint, and is written before it: it never knows less.
        if let state = findings.state, let checkpoint, report.isValid {
            // Between its being written and the checkpoint's, for one batch.
            if state.treeSize > report.treeSize {
                let size = try newestSize(after: checkpoint)
                if state.treeSize > size, state.treeSize - size > Sequencer.batchEntries {
                    report.addCutOff(from: size, to: state.treeSize, "the gateway's state knows of")
                }
                // What was signed while all was read is not pending, and the number may be anybody's.
                if state.treeSize > size { report.pendingEntries.addClamped(state.treeSize - size) }
            }
            if state.treeSize < report.treeSize {
                report.add(
                    .tile(path: ".state/state"),
                    "it knows \(state.treeSize) entries and the checkpoint signs \(report.treeSize): it was set back")
            } else if state.treeSize == report.treeSize, state.root != report.root {
                report.add(.tile(path: ".state/state"), "its root \(state.root) is not the signed one")
            }
        }
    }
}
