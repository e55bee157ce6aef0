import Identifiers

/// The keys that a log signs with now: the newest, and the one before it while the overlap lasts.
struct SigningKeys {
    let file: SigningKeyFile
    let name: String
    let signer: NoteSigner
    let retiring: RetiringKey?

    /// Reads the keys, or makes the first one where there is no log yet.
    ///
    /// - Parameter treeSize: Of the log that is there; `nil` for none.
    init(_ file: SigningKeyFile, name: String, treeSize: UInt64?) throws(AuditError) {
        self.file = file
        self.name = name
        guard let key = try file.load(name: name) else {
            if let treeSize { throw .keyMissing(path: file.path, treeSize: treeSize) }
            retiring = nil
            signer = NoteSigner(name: name, key: try file.create(name: name))
            return
        }
        retiring = try RetiringKey.load(beside: file, current: key, name: name)
        signer = NoteSigner(
            Ed25519Signer(name: name, key: key), retiring: retiring.map { Ed25519Signer(name: name, key: $0.key) })
    }

    /// Puts the public halves where auditors find them.
    func publish() throws(AuditError) {
        try file.publish(signer.verifierKey)
        if let retiring { try file.publish(rotated: retiring.rotation.old) }
    }

    /// Makes a new key and puts it in the place of the old one, which goes on signing beside it until `until`.
    ///
    /// The entry that says so comes next, by whoever opens the log with the new key.
    ///
    /// - Parameter checkpoint: Of the whole log; nothing may be appended until that entry is.
    static func rotate(
        _ file: SigningKeyFile, at checkpoint: SignedCheckpoint, now: Timestamp, until: Timestamp, reason: String?
    ) throws(AuditError) -> KeyRotation {
        let name = checkpoint.origin
        guard let old = try file.load(name: name) else {
            throw .keyMissing(path: file.path, treeSize: checkpoint.treeSize)
        }
        let new = SigningKeyFile.generate()
        let rotation: KeyRotation
        do {
            rotation = try KeyRotation(
                from: Ed25519Signer(name: name, key: old), to: Ed25519Signer(name: name, key: new),
                treeSize: checkpoint.treeSize, root: checkpoint.root)
        } catch {
            throw .keyMalformed(path: file.path, reason: "signing failed: \(error)")
        }
        let entry = rotation.entry(
            id: UUIDv7(milliseconds: now.milliseconds), time: now, until: until, reason: reason)
        try file.publish(rotated: rotation.old)
        try RetiringKey(key: old, until: until, entry: entry, rotation: rotation).store(beside: file, name: name)
        try file.store(new, name: name)
        return rotation
    }
}
