import Foundation

/// What proofs have in common as text: lines, an empty one, a checkpoint.
enum ProofText {
    /// No proof has more bytes: an entry of 64 KiB in base64, 63 hashes, 100 signatures.
    static let longest = 1 << 20

    static func split(_ bytes: [UInt8]) throws(NoteError) -> (lines: [Substring], checkpoint: [UInt8]) {
        guard bytes.count <= longest, let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("it is no text, or too long")
        }
        guard let blank = text.range(of: "\n\n") else { throw .malformed("it has no empty line before a checkpoint") }
        return (
            text[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false),
            Array(text[blank.upperBound...].utf8)
        )
    }

    /// What follows `name` and a space in a line that begins so.
    static func value(_ name: String, of line: Substring?) -> Substring? {
        guard let line, line.hasPrefix("\(name) ") else { return nil }
        return line.dropFirst(name.count + 1)
    }

    /// Decimal digits without leading zeros.
    static func number(_ text: Substring) -> UInt64? {
        guard let number = UInt64(text), String(number) == text else { return nil }
        return number
    }

    static func hashes(_ lines: ArraySlice<Substring>) throws(NoteError) -> [TreeHash] {
        guard lines.count <= TransparencyProof.longestPath else {
            throw .malformed("it has \(lines.count) hashes; no tree is that high")
        }
        var hashes: [TreeHash] = []
        for line in lines {
            guard let hash = TreeHash(base64: line), hash.base64 == line else {
                throw .malformed("\"\(line.prefix(64))\" is not a hash")
            }
            hashes.append(hash)
        }
        return hashes
    }
}
