import Identifiers

/// Evidence at rest: files that were closed are sealed under data keys that can be destroyed.
///
/// What holds whenever the process ends:
/// - a file of evidence is under its name, whole, as it was written or sealed;
/// - the key of a sealed file and its name in the key's list were on the disk before it.
///
/// What a file that is sealed was written as before is freed on the disk, and may be found there until something else is
/// written over it.
public struct Vault: Sendable {
    public let state: String
    public let keys: DataKeys
    private let files: VaultFiles

    /// - Parameter state: The gateway's state folder.
    public init(state: String, files: VaultFiles = .system) {
        self.state = state
        self.files = files
        keys = DataKeys(state: state, files: files)
    }

    private var temporary: String { "\(state)/retention/temporary" }

    /// Removes what the last process began and did not end.
    public func removeLeftovers() throws(VaultError) {
        for name in try files.names(in: temporary) { try files.remove("\(temporary)/\(name)") }
    }

    public func place(of name: String) -> EvidencePlace { EvidencePlace(state: state, name: name) }

    /// The key that a file is sealed under.
    ///
    /// - Throws: `VaultError`; `isNotFound` when there is no such file.
    public func keyID(of name: String) throws(VaultError) -> UUIDv7? { try EvidenceFile.keyID(of: place(of: name)) }

    /// Whether the file is there to be sealed: it has something in it, is not sealed, and nobody writes it.
    public func isUnsealed(_ name: String) -> Bool {
        // Of a sealed one no key is asked for.
        do throws(VaultError) {
            guard try keyID(of: name) == nil else { return false }
            let file = try EvidenceFile(place(of: name))
            let size = try file.size
            return size > 0 && !file.isBeingWritten
        } catch {
            return false
        }
    }

    /// Seals a file that was closed, or seals it anew under another key.
    ///
    /// - Returns: Whether it did; false for one that is not there any more or was sealed under the key already.
    @discardableResult
    public func seal(_ item: EvidenceItem, under key: DataKey) throws(VaultError) -> Bool {
        let file: EvidenceFile
        do {
            file = try EvidenceFile(place(of: item.name))
        } catch {
            if error.isNotFound { return false }
            throw error
        }
        guard file.keyID != key.id else { return false }
        try keys.add(item, to: key)
        try files.makeFolder(temporary)
        let format = SealedFormat(sealing: item.name, under: key)
        let path = "\(state)/\(item.name)"
        try files.replace(path, by: "\(temporary)/\(key.id)") { (sealed: OpenFile) throws(VaultError) in
            try sealed.write(format.header)
            let size = try file.size
            var offset: UInt64 = 0
            var number: UInt64 = 0
            repeat {
                let part = try file.read(at: offset, count: SealedFormat.chunkBytes)
                offset += UInt64(part.count)
                guard offset <= size, !part.isEmpty || size == 0,
                    let chunk = try? format.seal(part, number: number, isLast: offset == size)
                else { throw VaultError.damaged(path: path, reason: "it changed while it was sealed") }
                try sealed.write(chunk)
                number += 1
            } while offset < size
        }
        return true
    }

    /// Removes a file whose key is destroyed.
    public func remove(_ name: String) throws(VaultError) { try files.remove("\(state)/\(name)") }
}
