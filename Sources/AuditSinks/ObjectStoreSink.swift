import Audit
import Crypto
import Foundation
import Identifiers
import Logging
import NIOPosix
import StrictJSON
import Synchronization
import Vault

/// Copies the log's files and the recordings into an object store, so that the bucket is a log that verifies by itself:
/// tiles and entry bundles first, then the recordings that the new entries tell of, then the checkpoint over all of it,
/// then what others said of the log up to there: witnesses (`checkpoint.witnessed`) and the time-stamping authority
/// (`timestamps/`). So the bucket verifies between any two of them.
///
/// Objects are under Object Lock. A checkpoint is put as `checkpoint` and under its size, so that each is found again.
public final class ObjectStoreSink: AuditSink {
    private let store: ObjectStore
    private let auditDirectory: String
    private let stateDirectory: String?
    private let interval: Duration
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var isChecked = false
        var last: ContinuousClock.Instant?
        /// What stands in the store already of the round that begins at `position`: nobody can delete a second copy.
        var position: UInt64?
        var done: Set<String> = []
        /// How many entries the checkpoint in the store covers; `nil` while that is not known.
        var covered: UInt64?
        /// What witnesses had cosigned before that checkpoint: under load they are ahead of it when it has left.
        var offered: SignedCheckpoint?
        /// The newest of what they cosigned that was put.
        var witnessed: SignedCheckpoint?
        /// The largest checkpoint whose time stamp is in the store; `nil` while that is not known.
        var stamped: UInt64?
        var lastStamps: ContinuousClock.Instant?
        /// Why the last of them could not be put, as far as that was told.
        var statementFailure: String?
    }

    private static let stampsOfOneRound = 64

    /// How many entries one round takes at most: as many as 64 bundles have.
    private static let largestRound: UInt64 = 64 * 256

    /// - Parameters:
    ///   - stateDirectory: Where the recordings are; `nil` to leave them here.
    ///   - interval: How long to wait between rounds when there is less than a whole bundle to take: each takes partial
    ///     tiles that the next one replaces, and all of them are kept.
    public init(
        _ store: ObjectStore, auditDirectory: String, stateDirectory: String?, interval: Duration, logger: Logger
    ) {
        self.store = store
        self.auditDirectory = auditDirectory
        self.stateDirectory = stateDirectory
        self.interval = interval
        self.logger = logger
    }

    public var type: String { "s3" }

    public func deliver(from position: UInt64, of log: AuditReader) async throws -> UInt64 {
        if !state.withLock({ $0.isChecked }) {
            try await store.requireObjectLock()
            state.withLock { $0.isChecked = true }
        }
        let (witnessed, checkpoint) = try await onThread { [auditDirectory] in
            // In this order: what was witnessed is never ahead of the log's own. The gateway itself tells of one that
            // cannot be read.
            (try? WitnessedCheckpoint(directory: auditDirectory).load(), try log.checkpoint())
        }
        let size = checkpoint.treeSize
        // What is delivered whole ends with its checkpoint. Witnesses and authorities speak after that has left.
        if size == position { state.withLock { $0.covered = position } }
        await putStatements(witnessed)
        guard size > position, isDue(size - position) else { return position }
        state.withLock { state in
            guard state.position != position else { return }
            state.position = position
            state.done = []
        }
        // On the way to the newest checkpoint only whole bundles are taken; the last round takes what the checkpoint
        // covers, and the checkpoint with it.
        let whole = (position + Self.largestRound) & ~0xff
        let end = whole < size ? whole : size
        for file in TreeFiles.between(position, end, isLast: end == size) {
            try await once(file.path) {
                guard let bytes = try await onThread({ [auditDirectory] in try file.read(in: auditDirectory) }) else {
                    throw SinkError.local("\(file.path) is missing: run `sallyport audit verify`")
                }
                try await store.put(file.path, .bytes(bytes), type: "application/octet-stream")
            }
        }
        try await putRecordings(of: position..<end, log)
        if end == size {
            for key in ["checkpoints/\(size)", "checkpoint"] {
                try await store.put(key, .bytes(checkpoint.bytes), type: "text/plain; charset=utf-8")
            }
            state.withLock { state in
                state.last = .now
                state.covered = size
                state.offered = witnessed
            }
        }
        return end
    }

    /// Puts what others said of the log since the last time, as far as the checkpoint in the store covers it: of more,
    /// that store would say that entries are missing.
    ///
    /// What of it does not leave waits, and is told; entries wait for none of it.
    private func putStatements(_ witnessed: SignedCheckpoint?) async {
        do {
            try await tryPutStatements(witnessed)
            state.withLock { $0.statementFailure = nil }
        } catch {
            let reason = "\(error)"
            let before = state.withLock { state in
                defer { state.statementFailure = reason }
                return state.statementFailure
            }
            // Once for each new reason, not at every round.
            guard reason != before else { return }
            logger.error(
                "what witnesses and time stamps said is not in the store yet", metadata: ["because": "\(reason)"])
        }
    }

    private func tryPutStatements(_ witnessed: SignedCheckpoint?) async throws {
        let (covered, before, lastStamps, offered) = state.withLock {
            ($0.covered, $0.witnessed, $0.lastStamps, $0.offered)
        }
        guard let covered, covered > 0 else { return }
        if let witnessed = [witnessed, offered].compactMap({ $0 }).first(where: { $0.treeSize <= covered }),
            witnessed != before, witnessed.treeSize >= before?.treeSize ?? 0
        {
            try await store.put(
                "checkpoint.witnessed", .bytes(witnessed.bytes), type: "text/plain; charset=utf-8")
            state.withLock { $0.witnessed = witnessed }
        }
        if let lastStamps, ContinuousClock.now - lastStamps < interval { return }
        try await putStamps(upTo: covered)
        state.withLock { $0.lastStamps = .now }
    }

    /// The oldest first, so that all that come before one that is in the store are there too.
    private func putStamps(upTo size: UInt64) async throws {
        let stamps = CheckpointStamps(directory: auditDirectory)
        let sizes = try await onThread { try stamps.sizes() }.filter { $0 <= size }
        let known: UInt64
        if let stamped = state.withLock({ $0.stamped }) {
            known = stamped
        } else {
            // A start does not know how far the one before it came: the first that is not there is looked for by halves.
            var (there, end) = (0, sizes.count)
            while there < end {
                let middle = (there + end) / 2
                if try await store.holds("timestamps/\(sizes[middle]).tsr") { there = middle + 1 } else { end = middle }
            }
            known = there > 0 ? sizes[there - 1] : 0
        }
        state.withLock { $0.stamped = known }
        for size in sizes.filter({ $0 > known }).prefix(Self.stampsOfOneRound) {
            // Verification says of one that lies here alone that the other is missing.
            if let (checkpoint, answer) = try await onThread({ try stamps.read(size) }) {
                try await store.put(
                    "timestamps/\(size).checkpoint", .bytes(checkpoint), type: "text/plain; charset=utf-8")
                try await store.put("timestamps/\(size).tsr", .bytes(answer), type: "application/timestamp-reply")
            }
            state.withLock { $0.stamped = size }
        }
    }

    /// Puts what is not in the store yet from an earlier attempt at this round.
    private func once(_ key: String, _ put: () async throws -> Void) async throws {
        guard !state.withLock({ $0.done.contains(key) }) else { return }
        try await put()
        state.withLock { _ = $0.done.insert(key) }
    }

    private func isDue(_ waiting: UInt64) -> Bool {
        let last = state.withLock { $0.last }
        guard let last, waiting < 256 else { return true }
        return ContinuousClock.now - last >= interval
    }

    private func putRecordings(of range: Range<UInt64>, _ log: AuditReader) async throws {
        guard let stateDirectory else { return }
        let finished = try await onThread { try FinishedRecording.all(in: range, of: log) }
        for recording in finished {
            try await once("recordings/\(recording.path)") { try await put(recording, of: stateDirectory) }
        }
    }

    /// A recording that cannot be copied is told, and is no reason to hold the log back.
    private func put(_ recording: FinishedRecording, of stateDirectory: String) async throws {
        do {
            let place = EvidencePlace(state: stateDirectory, kind: .recordings, path: recording.path)
            guard
                let found = try await onThread({ [partSize = store.options.partSize] in
                    try Self.measure(place, partSize: partSize)
                })
            else {
                // Retention may have deleted it before a sink that was away for long came to it.
                return logger.warning("a recording is not there to be copied", metadata: ["path": "\(recording.path)"])
            }
            if found.digest.hexadecimal != recording.digest {
                logger.error(
                    "a recording is not the one that the log has; it is copied as it is",
                    metadata: ["path": "\(recording.path)"])
            }
            try await store.put("recordings/\(recording.path)", found.parts, type: "application/octet-stream")
        } catch let error as VaultError {
            logger.error(
                "a recording cannot be read, and is not copied",
                metadata: ["path": "\(recording.path)", "why": "\(error)"])
        }
    }

    /// A recording as it was written, also where it is sealed at rest by now; `nil` when it is not there, or its key is
    /// destroyed.
    private static func measure(
        _ place: EvidencePlace, partSize: UInt64
    ) throws -> (parts: [EvidencePart], digest: [UInt8])? {
        do throws(VaultError) {
            return try EvidencePart.all(of: EvidenceFile(place), size: partSize)
        } catch {
            if error.isNotFound { return nil }
            if case .keyMissing = error { return nil }
            throw error
        }
    }

    private func onThread<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result { try await NIOThreadPool.singleton.runIfActive(work) }
}

/// A recording that an entry says is complete, and its digest by that entry.
struct FinishedRecording: Sendable, Equatable {
    /// Below the recordings' folder.
    let path: String
    let digest: String

    /// In the order of the log: a session's own with its end, a command's terminal with its outcome.
    static func all(in range: Range<UInt64>, of log: AuditReader) throws -> [FinishedRecording] {
        var found: [FinishedRecording] = []
        var entries = try log.entries(in: range, matching: AuditFilter(kinds: ["session-end", "outcome"]))
        while let entry = try entries.next() {
            guard entry.holds("sha256"), let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord) else {
                continue
            }
            if let one = FinishedRecording(value) { found.append(one) }
        }
        return found
    }

    init?(_ entry: JSONValue) {
        guard let session = entry["session"]?.string.flatMap({ UUIDv7($0) }) else { return nil }
        let day = Timestamp(milliseconds: session.milliseconds).description.prefix(10)
        if let digest = entry["recording"]?["sha256"]?.string {
            path = "\(day)/\(session).jsonl"
            self.digest = digest
        } else if let digest = entry["outcome"]?["details"]?["recording_sha256"]?.string,
            let command = entry["command"]?.string.flatMap({ UUIDv7($0) })
        {
            path = "\(day)/\(session)/\(command).cast"
            self.digest = digest
        } else {
            return nil
        }
    }
}
