import Foundation
import Identifiers

/// A C2SP signed note: text, a blank line, and signature lines (https://c2sp.org/signed-note).
public struct SignedNote: Sendable, Equatable {
    /// One `— name base64` line. Those of other signers (witnesses) are kept as they are.
    public struct Signature: Sendable, Equatable {
        public let name: String
        public let keyID: UInt32
        public let signature: [UInt8]

        /// Whether it says that it is by `key`, right or wrong.
        func isNamed(as key: NoteVerifierKey) -> Bool { keyID == key.keyID && name.isExactly(key.name) }

        /// As it stands in a note, with its newline.
        public var line: String {
            let id = (0..<4).map { UInt8(truncatingIfNeeded: keyID >> (24 - 8 * UInt32($0))) }
            return "— \(name) \(Data(id + signature).base64EncodedString())\n"
        }
    }

    /// The signed text, which ends with a newline.
    public let text: String
    public let signatures: [Signature]

    public init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    static let maximumSignatures = 100

    /// Reads a note; throws with the reason when it is not one.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        guard let note = String(validating: bytes, as: UTF8.self) else { throw .malformed("it is not UTF-8") }
        guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x0a }) else {
            throw .malformed("it holds control characters")
        }
        guard note.hasSuffix("\n"), let blank = note.range(of: "\n\n", options: .backwards) else {
            throw .malformed("it has no blank line before the signatures")
        }
        text = String(note[..<note.index(before: blank.upperBound)])
        var signatures: [Signature] = []
        for line in note[blank.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "—", NoteKeyName.isValid(parts[1]),
                let data = Data(base64Encoded: String(parts[2])), data.count > 4
            else { throw .malformed("\"\(line)\" is not a signature line") }
            let keyID = data.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            signatures.append(
                Signature(name: String(parts[1]), keyID: keyID, signature: Array(data.dropFirst(4))))
            guard signatures.count <= Self.maximumSignatures else { throw .malformed("it has too many signatures") }
        }
        guard !signatures.isEmpty else { throw .malformed("it has no signature") }
        self.signatures = signatures
    }

    /// The whole note as it is stored and served.
    public var bytes: [UInt8] {
        Array((text + "\n" + signatures.map(\.line).joined()).utf8)
    }

    /// Whether a line says that it is by `key`, right or wrong.
    func names(_ key: NoteVerifierKey) -> Bool {
        signatures.contains { $0.isNamed(as: key) }
    }

    /// Holds the note against a key: one signature by that key must be there, and each that is must be right.
    public func verify(with key: NoteVerifierKey) throws(NoteError) {
        let own = signatures.filter { $0.isNamed(as: key) }
        guard !own.isEmpty else {
            throw .notSigned(
                by: "\(key.name)+\(NoteKeyName.hex(key.keyID))",
                found: signatures.map { "\($0.name)+\(NoteKeyName.hex($0.keyID))" })
        }
        for signature in own where !key.isValid(signature.signature, for: Array(text.utf8)) {
            throw .badSignature(by: key.name)
        }
    }
}

/// Why a signed note or a key text is not accepted.
public enum NoteError: Error, Equatable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// Keys as `<name>+<hash>`.
    case notSigned(by: String, found: [String])
    case badSignature(by: String)

    public var description: String {
        switch self {
        case .malformed(let reason): reason
        case .notSigned(let key, let found):
            "it is not signed by the key \(key); it has signatures of \(found.joined(separator: ", "))"
                + Self.hint(key, found)
        case .badSignature(let name): "the signature by \(name) is wrong: the text was changed after it was signed"
        }
    }

    /// What to look for where another key of the same name signed.
    private static func hint(_ key: String, _ found: [String]) -> String {
        // No name holds a plus sign.
        let name = key.prefix { $0 != "+" }
        guard found.contains(where: { other in other.prefix { $0 != "+" } == name }) else { return "" }
        return ": another key of that name. Where a log's key was rotated, log.vkey holds the newest and "
            + "log.<hash>.vkey beside it one of before"
    }
}
