import Audit
import Foundation

/// The files of a log that grew (C2SP tlog-tiles).
enum TreeFiles {
    /// The files that a tree of `end` entries has and one of `start` entries had not, whole tiles first; then
    /// where `isLast` all partial ones, because a larger tree has others.
    static func between(_ start: UInt64, _ end: UInt64, isLast: Bool) -> [TreeFile] {
        var full: [TreeFile] = []
        var partial: [TreeFile] = []
        var level = 0
        while end >> (8 * UInt64(level)) > 0 {
            let (before, hashes) = (start >> (8 * UInt64(level)), end >> (8 * UInt64(level)))
            let kinds: [TilePath.Kind] = level == 0 ? [.entries, .hashes(level: 0)] : [.hashes(level: level)]
            for kind in kinds {
                full += (before >> 8..<hashes >> 8).map { TreeFile(tile: TilePath(kind, index: $0)) }
                if isLast, hashes & 0xff > 0 {
                    partial.append(TreeFile(tile: TilePath(kind, index: hashes >> 8, width: Int(hashes & 0xff))))
                }
            }
            level += 1
            if level == 8 { break }
        }
        return full + partial
    }
}

struct TreeFile: Sendable, Equatable {
    let tile: TilePath

    var path: String { tile.path }

    /// The file's bytes; those of the same tile when it has grown since, cut to this width. `nil` when there is none.
    func read(in directory: String) throws -> [UInt8]? {
        if let data = FileManager.default.contents(atPath: "\(directory)/\(tile.path)") { return Array(data) }
        let whole = TilePath(tile.kind, index: tile.index)
        guard !tile.isFull, let data = FileManager.default.contents(atPath: "\(directory)/\(whole.path)") else {
            return nil
        }
        return Self.prefix(of: Array(data), tile)
    }

    private static func prefix(of bytes: [UInt8], _ tile: TilePath) -> [UInt8]? {
        var end = 0
        switch tile.kind {
        case .hashes: end = tile.width * 32
        case .entries:
            for _ in 0..<tile.width {
                guard end + 2 <= bytes.count else { return nil }
                end += 2 + Int(bytes[end]) << 8 + Int(bytes[end + 1])
            }
        }
        return end <= bytes.count ? Array(bytes[..<end]) : nil
    }
}
