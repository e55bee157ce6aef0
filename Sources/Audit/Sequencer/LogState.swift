import Crypto
import Foundation
import Identifiers

/// How far a journal is in the tree: everything of earlier generations, and this one up to `offset`.
struct JournalCursor: Sendable, Equatable {
    var generation: UInt64
    /// 0 before the file's header was read.
    var offset: UInt64 = 0
    /// The sequence number of the record at `offset`.
    var sequence: UInt64 = 0
}

/// What the sequencer knows between integrations, replaced as a whole: the size and root of the tree that all tiles on
/// disk are complete for, and how far each journal went into it.
///
/// As text, one fact a line, closed by the SHA-256 of what stands above it.
struct LogState: Sendable, Equatable {
    var treeSize: UInt64 = 0
    var root: TreeHash = .emptyTree
    var cursors: [String: JournalCursor] = [:]

    private static let title = "sallyport audit state v1"

    var bytes: [UInt8] {
        var text = "\(Self.title)\nsize \(treeSize)\nroot \(root.base64)\n"
        for (name, cursor) in cursors.sorted(by: { $0.key < $1.key }) {
            text += "journal \(name) \(cursor.generation) \(cursor.offset) \(cursor.sequence)\n"
        }
        return Array(text.utf8) + Array("sha256 \(Self.digest(of: text))\n".utf8)
    }

    init() {}

    init(parsing bytes: [UInt8], path: String) throws(AuditError) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 5, lines[0] == Self.title else {
            throw .stateDamaged(path: path, reason: "it does not start with \"\(Self.title)\"")
        }
        let end = lines.count - 2
        let covered = lines[..<end].map { $0 + "\n" }.joined()
        guard lines[end] == "sha256 \(Self.digest(of: covered))", lines[end + 1].isEmpty else {
            throw .stateDamaged(path: path, reason: "its checksum is wrong")
        }
        for line in lines[1..<end] {
            let words = line.split(separator: " ")
            switch (words.first, words.count) {
            case ("size", 2): treeSize = UInt64(words[1]) ?? 0
            case ("root", 2): root = TreeHash(base64: words[1]) ?? .emptyTree
            case ("journal", 5):
                guard let generation = UInt64(words[2]), let offset = UInt64(words[3]), let sequence = UInt64(words[4])
                else { throw .stateDamaged(path: path, reason: "\"\(line)\" is not a journal's position") }
                cursors[String(words[1])] = JournalCursor(generation: generation, offset: offset, sequence: sequence)
            default: throw .stateDamaged(path: path, reason: "the line \"\(line)\" is unknown")
            }
        }
    }

    private static func digest(of text: some StringProtocol) -> String {
        SHA256.hash(data: Data(text.utf8)).hexadecimal
    }
}
