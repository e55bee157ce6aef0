import Dispatch
import Identifiers
import Logging
import ServiceLifecycle
import Synchronization

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The audit log: what was appended to a journal is in it for good, and nobody can change it unnoticed.
///
/// An entry takes two steps. `Journal.append` writes it into a file of the caller's own event loop, with one system
/// call and no lock (at durability `disk` writers share files, and wait together); from then on it is recorded. The
/// sequencer (`run()`) moves it, within the integration interval, into a Merkle tree laid out as C2SP tlog-tiles and
/// signs the tree's root, and then foreign tools can verify it. Entries of one event loop keep their order; those of
/// two loops that fall into one interval stand loop by loop, and their times say which was first.
///
/// What holds at any instant, however the process ends:
/// - an entry whose append returned is in a journal or in the tree, and ends up in the tree exactly once;
/// - every signed checkpoint is consistent with every earlier one;
/// - what a checkpoint promises is on the disk before the checkpoint is.
public final class AuditLog: Sendable {
    /// Bytes that an entry has at most: the entry bundle's lengths are 16 bits wide.
    public static let maximumEntryBytes = 65_535

    /// What opening the log found and repaired.
    public let recovery: RecoveryReport
    /// The public key that verifies the log's checkpoints; its text (`description`) is what auditors need.
    public let verifierKey: NoteVerifierKey
    /// The file that holds the public key's text.
    public let verifierKeyPath: String

    private let options: AuditOptions
    private let paths: LogPaths
    private let lock: DirectoryLock
    private let journals = Mutex<[String: JournalShare]>([:])
    private let sequencer: Mutex<Sequencer>
    private let shared: Mutex<Shared>
    private let control: Mutex<Journal>
    private let keyFile: SigningKeyFile
    /// The time of the newest entry when the log was opened.
    private let newestRecorded: Timestamp?
    private let clock: Mutex<ClockWatch>
    private let sharedJournals = SharedJournals()
    private let queue = DispatchQueue(label: "audit.sequencer")

    private struct Shared {
        var checkpoint: SignedCheckpoint
        var failure: AuditError?
        var synchronizationFailure: AuditError?
        /// The key before the newest, while it signs too or its private half is still here.
        var retiring: (key: NoteVerifierKey, until: Timestamp)?
        /// Whether the log says already that it is gone.
        var retirementIsRecorded = false
        /// Why it is not gone, as far as that was told.
        var retirementFailure: AuditError?
        /// Steps of the clock that the log does not tell yet.
        var untoldSteps: [(step: ClockWatch.Step, whileRunning: Bool)] = []
        /// How far each journal file was made durable.
        var synchronized: [String: (generation: UInt64, length: UInt64)] = [:]
    }

    /// Opens the log, or makes it: takes the directory's lock, repairs what the last process left, and integrates its
    /// journals.
    public convenience init(_ options: AuditOptions) throws(AuditError) { try self.init(options, holding: nil) }

    private init(_ options: AuditOptions, holding held: DirectoryLock?) throws(AuditError) {
        guard NoteKeyName.isValid(options.origin) else { throw .originInvalid(options.origin) }
        let files = options.fileOperations
        let paths = LogPaths(root: options.directory)
        try files.ensureDirectory(paths.root)
        if try files.statusIfPresent(paths.state) == nil { try files.synchronizeDirectory(paths.parent) }
        for directory in [paths.privateDirectory, paths.journals, paths.temporary] {
            try files.ensureDirectory(directory)
        }
        let lock: DirectoryLock
        if let held { lock = held } else { lock = try DirectoryLock(paths: paths, files: files) }
        let keyFile = SigningKeyFile(holder: .log, path: options.keyPath, files: files)
        let stateBytes = try files.contents(of: paths.state)
        let keys = try SigningKeys(
            keyFile, name: options.origin,
            treeSize: stateBytes.map { bytes throws(AuditError) in
                try LogState(parsing: bytes, path: paths.state).treeSize
            })
        let signer = keys.signer
        try keys.publish()

        var report = RecoveryReport()
        report.isNew = try files.statusIfPresent(paths.state) == nil
        var sequencer = Sequencer(
            paths: paths, origin: options.origin, signer: signer, files: files, logger: options.logger)
        report.removedTiles = try sequencer.reload()
        // What stands may be the old key's; what comes is not, once its time is over.
        if let retiring = keys.retiring, .now >= retiring.until { sequencer.signer = NoteSigner(signer.current) }
        report.treeSizeBefore = sequencer.state.treeSize
        report.republishedCheckpoint = !report.isNew && sequencer.checkpoint?.treeSize != sequencer.state.treeSize
        while true {
            let batch = try sequencer.integrate([:])
            report.replayedEntries += batch.entries
            report.tornTails += batch.tornTails
            if !batch.isFull { break }
        }
        let generation = try Self.nextGeneration(
            of: Self.controlName, cursors: sequencer.state.cursors, paths: paths, files: files)
        let control = try Journal(
            name: Self.controlName, generation: generation, directory: paths.journals, options: options, lock: lock)
        let controlShare = control.shared
        if let retiring = keys.retiring, try sequencer.lacks(retiring) {
            try control.append(retiring.entry)
            _ = try sequencer.integrate(controlShare.map { [Self.controlName: $0.committed] } ?? [:])
            report.completedKeyRotation = true
        }
        report.treeSizeAfter = sequencer.state.treeSize
        guard let checkpoint = sequencer.checkpoint else { throw .stateMissing(path: paths.checkpoint) }
        if !report.isClean { options.logger.notice("audit log repaired: \(report)") }

        self.options = options
        self.paths = paths
        self.lock = lock
        recovery = report
        verifierKey = signer.verifierKey
        verifierKeyPath = keyFile.verifierKeyPath
        self.keyFile = keyFile
        newestRecorded = sequencer.newestTime()
        clock = Mutex(ClockWatch(wall: .now, steady: .now))
        self.sequencer = Mutex(sequencer)
        shared = Mutex(
            Shared(checkpoint: checkpoint, retiring: keys.retiring.map { ($0.rotation.old, $0.until) }))
        self.control = Mutex(control)
        if let controlShare { journals.withLock { $0[Self.controlName] = controlShare } }
    }

    private static let controlName = "control"

    private static func nextGeneration(
        of name: String, cursors: [String: JournalCursor], paths: LogPaths, files: FileOperations
    ) throws(AuditError) -> UInt64 {
        // A file that was begun to be consumed is never continued, not even when a power cut took it away.
        var generation = cursors[name].map { $0.offset > 0 ? $0.generation + 1 : $0.generation } ?? 1
        for file in try files.names(in: paths.journals) {
            guard let found = JournalName.parse(file), found.name == name else { continue }
            generation = max(generation, found.generation + 1)
        }
        return generation
    }

    // MARK: Writing

    /// Opens a journal for one event loop. Names are 1 to 64 of `a-z`, `0-9` and `-`; `control` is the log's own.
    public func openJournal(_ name: String) throws(AuditError) -> Journal {
        guard JournalName.isValid(name), name != Self.controlName else { throw .journalNameInvalid(name) }
        // Under the sequencer's lock, so that cursors and files stand still while the generation is chosen.
        return try sequencer.withLock { sequencer throws(AuditError) -> sending Journal in
            if options.durability == .disk {
                return try sharedJournals.open(name) { file throws(AuditError) in
                    try openGroup(file, cursors: sequencer.state.cursors)
                }
            }
            if let open = journals.withLock({ $0[name] }), !open.isClosed { throw .journalNameInUse(name) }
            let generation = try Self.nextGeneration(
                of: name, cursors: sequencer.state.cursors, paths: paths, files: options.fileOperations)
            let journal = try Journal(
                name: name, generation: generation, directory: paths.journals, options: options, lock: lock)
            if let share = journal.shared { journals.withLock { $0[name] = share } }
            return journal
        }
    }

    private func openGroup(
        _ name: String, cursors: [String: JournalCursor]
    ) throws(AuditError) -> JournalGroup {
        let generation = try Self.nextGeneration(
            of: name, cursors: cursors, paths: paths, files: options.fileOperations)
        let group = JournalGroup(
            try JournalFile(
                name: name, generation: generation, directory: paths.journals, options: options, lock: lock))
        journals.withLock { $0[name] = group.shared }
        return group
    }

    /// Appends an entry from any thread, for events that belong to no event loop (sign-in failures, approvals, policy
    /// loads). Waits for a lock, so it is not for commands.
    public func append(_ entry: [UInt8]) throws(AuditError) {
        try control.withLock { journal throws(AuditError) in try journal.append(entry) }
    }

    // MARK: The signed tree

    /// The newest signed checkpoint.
    public func checkpoint() -> SignedCheckpoint { shared.withLock { $0.checkpoint } }

    /// Why the last integration failed; `nil` when it did not. Appends go on meanwhile, and the next integration tries
    /// again.
    public var integrationFailure: AuditError? { shared.withLock { $0.failure } }

    /// Why journals could not be made durable at the last try; `nil` when they could. Appends to them are refused
    /// meanwhile, and the next round tries again.
    public var synchronizationFailure: AuditError? { shared.withLock { $0.synchronizationFailure } }

    /// Integrates all that was appended before the call, and returns the checkpoint that covers it. Blocks for disk
    /// operations; never call it on an event loop.
    @discardableResult
    public func integrateNow() throws(AuditError) -> SignedCheckpoint {
        do throws(AuditError) {
            let checkpoint = try sequencer.withLock { sequencer throws(AuditError) -> SignedCheckpoint? in
                // Read once: what is appended from here on waits for the next call, so this one ends.
                let committed = journals.withLock { journals in
                    journals.filter { !$0.value.isClosed }.mapValues { $0.committed }
                }
                while try sequencer.integrate(committed).isFull {}
                return sequencer.checkpoint
            }
            guard let checkpoint else { throw AuditError.stateMissing(path: paths.checkpoint) }
            shared.withLock { shared in
                if checkpoint.treeSize >= shared.checkpoint.treeSize { shared.checkpoint = checkpoint }
                shared.failure = nil
            }
            return checkpoint
        } catch {
            shared.withLock { $0.failure = error }
            throw error
        }
    }

    /// Makes what the journals hold durable, whatever becomes of its integration. A journal with which that fails takes
    /// no entries until the disk is seen to take writes again.
    ///
    /// - Throws: The first failure, when all journals were tried.
    func synchronizeJournals() throws(AuditError) {
        let files = options.fileOperations
        var failure: AuditError?
        for (name, share) in journals.withLock({ $0 }) where !share.isClosed {
            let committed = share.committed
            let path = "\(paths.journals)/\(JournalName.file(name, generation: committed.generation))"
            do throws(FileOperations.Failure) {
                if share.refusal != nil {
                    // Of the file itself the kernel would now say that all is well, whatever it has dropped.
                    try probeDisk()
                    share.trustNewFiles()
                    continue
                }
                if let known = shared.withLock({ $0.synchronized[name] }), known == committed { continue }
                let descriptor = try files.open(path, .read, 0)
                defer { files.close(descriptor) }
                try files.synchronizeData(descriptor)
            } catch {
                // It was all taken into the tree meanwhile, and the writer has gone on in another file.
                if error.code == ENOENT, share.committed.generation != committed.generation { continue }
                share.refuse(code: error.code)
                failure = failure ?? AuditError(error, path: error.path.isEmpty ? path : error.path)
                continue
            }
            shared.withLock { $0.synchronized[name] = committed }
        }
        shared.withLock { $0.synchronizationFailure = failure }
        if let failure { throw failure }
    }

    /// Throws unless the disk takes a new file.
    private func probeDisk() throws(FileOperations.Failure) {
        let files = options.fileOperations
        let path = "\(paths.journals)/probe"
        try? files.remove(path)
        let descriptor = try files.open(path, .createForAppending, 0o600)
        defer {
            files.close(descriptor)
            try? files.remove(path)
        }
        try files.writeFully(descriptor, [0])
        try files.synchronizeData(descriptor)
    }
}

// MARK: Keys

extension AuditLog {
    /// The entry that says which key the log begins with; for the first entry of a new log.
    public func keyCreation(at time: Timestamp = .now) -> [UInt8] { LogEntry.keyCreation(verifierKey, at: time) }

    /// The key before the newest and until when both sign; `nil` when there is none.
    public var retiringKey: (key: NoteVerifierKey, until: Timestamp)? { shared.withLock { $0.retiring } }

    /// Gives a log that no gateway has open a new key. The log gets an entry that both keys sign, and its checkpoints
    /// the signatures of both until the overlap ends; then the old private key is destroyed.
    ///
    /// Whatever cuts the rotation off, the next one to open the log finds it not begun or completes it.
    ///
    /// - Parameters:
    ///   - overlap: How long verifiers that know the old key alone are served.
    ///   - endingOverlap: Whether a key that still retires from an earlier rotation stops signing now. No more than two
    ///     keys sign at once.
    ///   - reason: Why, for the record.
    /// - Returns: The statement, which is entry `treeSize` of the log, and the first checkpoint that both keys signed.
    /// - Throws: `AuditError`; `directoryInUse` while a gateway runs on the log; `overlapLasts` while an earlier rotation's
    ///   does, unless it is to end; `rotationUnfinished` once the new key is in its place.
    public static func rotateKey(
        _ options: AuditOptions, overlap: Duration, endingOverlap: Bool = false, reason: String? = nil,
        now: Timestamp = .now
    ) throws(AuditError) -> (rotation: KeyRotation, until: Timestamp, checkpoint: SignedCheckpoint) {
        let log = try AuditLog(options)
        if let retiring = log.retiringKey {
            guard endingOverlap || now >= retiring.until else {
                throw .overlapLasts(key: "\(retiring.key)", until: retiring.until)
            }
            try log.endOverlap(of: retiring.key, at: now)
        }
        let until = now.adding(overlap)
        let rotation = try SigningKeys.rotate(
            log.keyFile, at: log.checkpoint(), now: now, until: until, reason: reason)
        do throws(AuditError) {
            // The lock stays in our hands, so that the entry that follows is the rotation.
            let rotated = try AuditLog(options, holding: log.lock)
            if until <= now { try rotated.endOverlap(of: rotation.old, at: now) }
            return (rotation, until, rotated.checkpoint())
        } catch {
            throw .rotationUnfinished(key: "\(rotation.new)", reason: "\(error)")
        }
    }

    /// Ends the overlap when it is due.
    func retireKey(at time: Timestamp) {
        guard let retiring = retiringKey, time >= retiring.until else { return }
        do throws(AuditError) {
            try endOverlap(of: retiring.key, at: time)
            options.logger.notice("the rotated key signs no more", metadata: ["key": "\(retiring.key)"])
        } catch {
            // The next round tries again. Once for each new reason, not at every interval.
            let before = shared.withLock { shared in
                defer { shared.retirementFailure = error }
                return shared.retirementFailure
            }
            if error != before {
                options.logger.error(
                    "the private half of the rotated key is still here: \(error)",
                    metadata: ["key": "\(retiring.key)"])
            }
        }
    }

    /// The old key signs no more, and its private half is removed: last, when the log that says so is on the disk.
    ///
    /// Cut off in between, all of it is done again at the next start.
    private func endOverlap(of key: NoteVerifierKey, at time: Timestamp) throws(AuditError) {
        if !shared.withLock({ $0.retirementIsRecorded }) {
            try append(LogEntry.keyRetirement(key, at: time))
            shared.withLock { $0.retirementIsRecorded = true }
        }
        sequencer.withLock { $0.signer = NoteSigner($0.signer.current) }
        try integrateNow()
        try RetiringKey.remove(beside: keyFile)
        shared.withLock { shared in
            shared.retiring = nil
            shared.retirementIsRecorded = false
            shared.retirementFailure = nil
        }
    }
}

extension AuditLog: Service {
    /// Integrates at every interval until graceful shutdown or cancellation, then once more. End it after everything
    /// that appends.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            self.note(ClockWatch.step(since: self.newestRecorded, now: .now), whileRunning: false)
            while !Task.isCancelled {
                try? await Task.sleep(for: self.options.integrationInterval)
                await self.tick()
            }
        }
    }

    private func note(_ step: ClockWatch.Step?, whileRunning: Bool) {
        guard let step else { return }
        options.logger.warning(
            "the clock was set", metadata: ["from": "\(step.expected)", "to": "\(step.found)"])
        shared.withLock { $0.untoldSteps.append((step, whileRunning)) }
    }

    /// Records the steps of the clock in their order; what the log does not take now it gets at a later round.
    private func tellSteps() throws(AuditError) {
        while let first = shared.withLock({ $0.untoldSteps.first }) {
            try append(LogEntry.clockStep(first.step, whileRunning: first.whileRunning))
            shared.withLock { _ = $0.untoldSteps.removeFirst() }
        }
    }

    private func synchronizeOrTell() {
        let before = synchronizationFailure
        do throws(AuditError) {
            try synchronizeJournals()
            if before != nil { options.logger.notice("the audit log's journals are on the disk again") }
        } catch {
            // Once for each new reason, not at every interval.
            if error != before {
                options.logger.error("the audit log's journals cannot be made durable; nothing new runs: \(error)")
            }
        }
    }

    /// One round on a thread of its own: it waits for the disk, which the cooperative threads must not.
    private func tick() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            queue.async {
                let before = self.integrationFailure
                if self.options.durability == .process { self.synchronizeOrTell() }
                do throws(AuditError) {
                    self.note(
                        self.clock.withLock { $0.observe(wall: .now, steady: .now) }, whileRunning: true)
                    // Where that cannot be recorded, all else still is what it was.
                    try? self.tellSteps()
                    self.retireKey(at: .now)
                    try self.integrateNow()
                    if before != nil { self.options.logger.notice("the audit log integrates again") }
                } catch {
                    // Once for each new reason, not at every interval.
                    if error != before {
                        self.options.logger.error("the audit log cannot integrate; appends go on: \(error)")
                    }
                }
                done.resume()
            }
        }
    }
}
