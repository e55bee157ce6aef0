/// Checks the partial tiles and bundles that stand beside a newer one.
///
/// While a tile fills, each checkpoint leaves a partial tile of its own, for those who read the log as that checkpoint
/// has it; they go when the tile is full (C2SP tlog-tiles, "Partial Tiles"). A mirror may be reading one this moment, so
/// each must be the beginning of the newest, which was verified before.
struct OlderPartialTiles {
    let tiles: TileReader
    /// The tree's size in entries; what is wider than that is not signed yet.
    let size: UInt64

    func verify() throws(AuditError) -> FindingList {
        var findings = FindingList()
        for level in 0..<TilePath.levels(size: size) {
            for kind in level == 0 ? [.entries, .hashes(level: 0)] : [TilePath.Kind.hashes(level: level)] {
                try verify(kind, level: level, &findings)
            }
        }
        return findings
    }

    private func verify(_ kind: TilePath.Kind, level: Int, _ findings: inout FindingList) throws(AuditError) {
        let last = (TilePath.hashes(level: level, size: size) - 1) >> 8
        for group in 0...(last / 1000) {
            let folder = TilePath(kind, index: group * 1000).folder
            for name in try tiles.files.names(in: "\(tiles.root)/\(folder)") where name.hasSuffix(".p") {
                guard name.utf8.count == 5, let position = UInt64(name.prefix(3)) else { continue }
                let index = group * 1000 + position
                let width = TilePath.width(level: level, index: index, size: size)
                let directory = TilePath(kind, index: index).partialDirectory
                for name in try tiles.files.names(in: "\(tiles.root)/\(directory)") {
                    guard let older = Int(name), older > 0, older < width else { continue }
                    try verify(
                        TilePath(kind, index: index, width: older), TilePath(kind, index: index, width: width),
                        &findings)
                }
            }
        }
    }

    private func verify(_ older: TilePath, _ newest: TilePath, _ findings: inout FindingList) throws(AuditError) {
        // Either may have been superseded since the folder was listed.
        guard let bytes = try tiles.files.contents(of: "\(tiles.root)/\(older.path)"),
            let whole = try tiles.bytes(of: newest)
        else { return }
        let expected: ArraySlice<UInt8>
        let what: String
        switch older.kind {
        case .hashes:
            expected = whole.prefix(older.width * TreeHash.byteCount)
            let wrong = zip(bytes, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? bytes.count
            what = "hash \(min(wrong / TreeHash.byteCount, older.width - 1))"
        case .entries:
            var bundle = EntryBundle(whole)
            for _ in 0..<older.width where bundle.next() == nil { return }
            expected = whole.prefix(bundle.position)
            what = "entry \(older.index << 8 + UInt64(Self.firstDifference(bytes, whole, below: older.width)))"
        }
        guard !bytes.elementsEqual(expected) else { return }
        findings.add(
            .tile(path: older.path),
            bytes.starts(with: expected)
                ? "it has bytes after its end, which \(newest.path) has elsewhere or not at all"
                : "its \(what) is not the one of \(newest.path): whoever read the log at that size was told otherwise")
    }

    /// The position of the first entry that two bundles do not share.
    private static func firstDifference(_ one: [UInt8], _ other: [UInt8], below width: Int) -> Int {
        var (one, other) = (EntryBundle(one), EntryBundle(other))
        for position in 0..<width {
            guard let a = one.next(), let b = other.next(), a.elementsEqual(b) else { return position }
        }
        return width - 1
    }
}
