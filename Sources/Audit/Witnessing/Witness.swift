import Crypto
import Identifiers
import Synchronization

/// A witness (C2SP tlog-witness): cosigns a log's checkpoint when it grew from the last one that it cosigned, and never
/// two that contradict each other. Whoever asks for its cosignature knows that the log was shown to somebody else too.
///
/// It keeps one checkpoint a log with its cosignature on it, durable before the cosignature leaves, and shows it to
/// whoever asks, so that monitors need not ask the log what the witness saw.
public final class Witness: Sendable {
    public let key: CosignerKey
    /// The file that holds the public key's text.
    public let verifierKeyPath: String
    private let cosigner: Cosigner
    private let logs: [String: [NoteVerifierKey]]
    /// By the SHA-256 of the origin, as monitors ask for it.
    private let origins: [String: String]
    private let directory: String
    private let files: FileOperations
    private let lock: DirectoryLock
    /// By origin; held while one is compared and replaced.
    private let newest: Mutex<[String: SignedCheckpoint]>

    /// What goes back to who asked.
    public struct Answer: Sendable, Equatable {
        /// Of HTTP.
        public let status: Int
        public let contentType: String
        public let body: String

        init(_ status: Int, _ body: String, contentType: String = "text/plain; charset=utf-8") {
            self.status = status
            self.body = body
            self.contentType = contentType
        }
    }

    /// Opens a witness, or makes it and its key.
    ///
    /// - Parameters:
    ///   - directory: Holds its key and what it has seen; made when absent, and locked.
    ///   - name: In its cosignatures, best a URL without a scheme.
    ///   - logs: The keys of the logs that it cosigns for.
    public init(
        directory: String, name: String, logs: [NoteVerifierKey], fileOperations files: FileOperations = .system
    ) throws(AuditError) {
        guard NoteKeyName.isValid(name) else { throw .witnessNameInvalid(name) }
        try files.ensureDirectory(directory)
        lock = try DirectoryLock(file: "\(directory)/lock", of: directory, files: files)
        let keyFile = SigningKeyFile(holder: .witness, path: "\(directory)/witness.key", files: files)
        if let key = try keyFile.load(name: name) {
            cosigner = Cosigner(name: name, key: key)
        } else {
            cosigner = Cosigner(name: name, key: try keyFile.create(name: name))
        }
        self.key = cosigner.key
        try keyFile.publish(cosigner.key)
        verifierKeyPath = keyFile.verifierKeyPath
        self.logs = Dictionary(grouping: logs, by: \.name)
        origins = Dictionary(
            logs.map { (SHA256.hash(data: Array($0.name.utf8)).hexadecimal, $0.name) }, uniquingKeysWith: { $1 })
        self.directory = directory
        self.files = files
        var seen: [String: SignedCheckpoint] = [:]
        for log in logs where seen[log.name] == nil {
            let path = Self.path(of: log.name, in: directory)
            guard let bytes = try files.contents(of: path) else { continue }
            guard let checkpoint = try? SignedCheckpoint(parsing: bytes), checkpoint.origin == log.name else {
                throw .checkpointMalformed(path: path, reason: "it is no checkpoint of \(log.name)")
            }
            seen[log.name] = checkpoint
        }
        newest = Mutex(seen)
    }

    /// Origins may hold what names of files cannot.
    private static func path(of origin: String, in directory: String) -> String {
        "\(directory)/\(TreeHash.leaf(Array(origin.utf8))).checkpoint"
    }

    /// Answers `POST …/add-checkpoint`. Blocks for disk operations.
    ///
    /// - Parameters:
    ///   - body: Of the request.
    ///   - time: Seconds since 1970.
    public func addCheckpoint(_ body: [UInt8], time: UInt64) -> Answer {
        let proof: ConsistencyProof
        do {
            proof = try ConsistencyProof(parsing: body)
        } catch {
            return Answer(400, "The request cannot be read: \(error).\n")
        }
        let checkpoint = proof.checkpoint
        guard let keys = logs[checkpoint.origin] else {
            return Answer(404, "This witness does not know the log \(checkpoint.origin).\n")
        }
        guard keys.contains(where: { (try? checkpoint.note.verify(with: $0)) != nil }) else {
            return Answer(403, "The checkpoint is not signed by a key of the log that this witness knows.\n")
        }
        guard proof.oldSize <= checkpoint.treeSize else {
            return Answer(400, "The old size is larger than the checkpoint's.\n")
        }
        return newest.withLock { newest in judge(proof, keys, against: &newest[checkpoint.origin], time: time) }
    }

    /// Answers `GET …/<log>/checkpoint`: the newest checkpoint that this witness cosigned, with its cosignature.
    ///
    /// - Parameter log: The SHA-256 of the log's origin, in lower-case hexadecimal digits.
    public func checkpoint(ofLog log: String) -> Answer {
        guard let origin = origins[log], let checkpoint = newest.withLock({ $0[origin] }),
            // A witness of before kept it without.
            !checkpoint.note.cosignatures(by: [key]).isEmpty
        else { return Answer(404, "This witness has cosigned no checkpoint of such a log.\n") }
        return Answer(200, String(decoding: checkpoint.bytes, as: UTF8.self))
    }

    private func judge(
        _ proof: ConsistencyProof, _ keys: [NoteVerifierKey], against known: inout SignedCheckpoint?, time: UInt64
    ) -> Answer {
        let checkpoint = proof.checkpoint
        let size = known?.treeSize ?? 0
        guard proof.oldSize == size else { return Self.conflict(size) }
        if let known, known.treeSize == checkpoint.treeSize, known.root != checkpoint.root {
            return Self.conflict(size)
        }
        guard
            MerkleProof.verifyConsistency(
                oldSize: size, oldRoot: known?.root ?? .emptyTree, newSize: checkpoint.treeSize,
                newRoot: checkpoint.root, path: proof.path)
        else { return Answer(422, "The proof does not show that the log grew from \(size) entries.\n") }
        do {
            let signature = try cosigner.cosign(checkpoint.note.text, time: time)
            let path = Self.path(of: checkpoint.origin, in: directory)
            // Lines of others were not looked at, and are not passed on.
            let text = Array(checkpoint.note.text.utf8)
            let own = checkpoint.note.signatures.filter { line in
                keys.contains { line.isNamed(as: $0) && $0.isValid(line.signature, for: text) }
            }
            let cosigned = checkpoint.signed(own + [signature])
            try files.replace(path, with: cosigned.bytes, temporary: path + ".new")
            try files.synchronizeDirectory(directory)
            known = cosigned
            return Answer(200, signature.line)
        } catch {
            return Answer(500, "The checkpoint cannot be kept, so it is not cosigned: \(error).\n")
        }
    }

    /// The other root of the same size gets the same answer: the specification has no other.
    private static func conflict(_ size: UInt64) -> Answer {
        Answer(409, "\(size)\n", contentType: WitnessSubmission.sizeType)
    }
}
