import Identifiers

/// Holds the stamped checkpoints against the log: each must be of the log's keys, and the log must have grown from it.
struct StampVerification {
    let stamps: CheckpointStamps
    /// Those that there are, by the size that they cover; found before the checkpoint was read.
    let sizes: [UInt64]
    let tiles: TileReader

    /// - Parameters:
    ///   - checkpoint: The log's.
    ///   - isTreeGood: Whether its tree was verified; otherwise no stamp can be said to be of this log.
    func verify(
        against checkpoint: SignedCheckpoint, isTreeGood: Bool, _ key: NoteVerifierKey, _ keys: inout CheckpointKeys,
        _ report: inout VerificationReport
    ) throws(AuditError) {
        let tree = StoredTree(tiles: tiles, size: checkpoint.treeSize)
        for size in sizes {
            guard let (bytes, response) = try stamps.read(size) else {
                report.add(.timestamp(treeSize: size), "the checkpoint that it stamps is missing")
                continue
            }
            let token: TimestampToken
            let stamped: SignedCheckpoint
            do {
                token = try TimestampToken(response: response, for: bytes)
                stamped = try SignedCheckpoint(parsing: bytes)
                let signing = try keys.policy(
                    TrustPolicy(key: key), for: stamped, treeSize: checkpoint.treeSize, &report)
                try signing.check(stamped)
            } catch {
                report.add(.timestamp(treeSize: size), "\(error)")
                continue
            }
            guard size == stamped.treeSize, size <= checkpoint.treeSize else {
                report.add(
                    .timestamp(treeSize: size), "it stamps a log of \(stamped.treeSize) entries, which is not this one")
                continue
            }
            // What is wrong with the tiles was said already.
            guard isTreeGood else { continue }
            if try MerkleProof.root(size: size, in: tree) != stamped.root {
                report.add(
                    .timestamp(treeSize: size),
                    "of the first \(size) entries at least one is another than when it was stamped at \(token.time)")
                continue
            }
            report.timestamps.append(.init(treeSize: size, time: token.time))
        }
    }
}
