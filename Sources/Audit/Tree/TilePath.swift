/// A file of the tree: a hash tile or an entry bundle, full (256 wide) or partial (C2SP tlog-tiles).
public struct TilePath: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case entries
        /// Hashes of level 0 (leaves) and up.
        case hashes(level: Int)
    }

    public static let fullWidth = 256

    public let kind: Kind
    public let index: UInt64
    /// How many hashes or entries it has, 1 to 256.
    public let width: Int

    public init(_ kind: Kind, index: UInt64, width: Int = fullWidth) {
        self.kind = kind
        self.index = index
        self.width = width
    }

    public var isFull: Bool { width == Self.fullWidth }

    /// The path below the log's directory, e.g. `tile/0/x001/234.p/5`.
    public var path: String { isFull ? fullPath : "\(partialDirectory)/\(width)" }

    /// The path of the full tile at this place, whatever this one's width.
    var fullPath: String { "\(prefix)/\(Self.number(index))" }
    var partialDirectory: String { "\(fullPath).p" }
    /// The directory that the full tile stands in, with up to 999 others.
    var folder: String { fullPath.lastIndex(of: "/").map { String(fullPath[..<$0]) } ?? prefix }

    private var prefix: String {
        switch kind {
        case .entries: "tile/entries"
        case .hashes(let level): "tile/\(level)"
        }
    }

    /// The index in groups of three digits, all but the last marked with `x`.
    private static func number(_ index: UInt64) -> String {
        var text = group(index % 1000)
        var rest = index / 1000
        while rest > 0 {
            text = "x\(group(rest % 1000))/\(text)"
            rest /= 1000
        }
        return text
    }

    private static func group(_ value: UInt64) -> String {
        let digits = String(value)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}

extension TilePath {
    /// The number of levels that a tree of `size` entries has tiles on.
    static func levels(size: UInt64) -> Int {
        var levels = 0
        var rest = size
        while rest > 0 {
            levels += 1
            rest >>= 8
        }
        return levels
    }

    /// How many hashes level `level` of a tree of `size` entries has in all.
    static func hashes(level: Int, size: UInt64) -> UInt64 { level >= 8 ? 0 : size >> (8 * UInt64(level)) }

    /// The width of tile `index` on `level` in a tree of `size` entries; 0 when the tree does not reach it.
    static func width(level: Int, index: UInt64, size: UInt64) -> Int {
        let hashes = hashes(level: level, size: size)
        return index < hashes >> 8 ? fullWidth : index == hashes >> 8 ? Int(hashes & 0xff) : 0
    }
}
