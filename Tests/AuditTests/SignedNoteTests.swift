import Crypto
import Foundation
import Testing

@testable import Audit

@Suite("Signed notes")
struct SignedNoteTests {
    /// The vector of https://c2sp.org/signed-note.
    static let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    /// The note in the documentation of Go's golang.org/x/mod/sumdb/note.
    static let goKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let goNote = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

        """

    @Test("verifier keys read and write as in the specifications", arguments: [vkey, goKey])
    func verifierKey(_ text: String) throws {
        #expect(try NoteVerifierKey(text).description == text)
        #expect(try NoteVerifierKey(" \(text)\n").description == text)
    }

    @Test(
        "a wrong verifier key is refused",
        arguments: [
            "", "example.com/foo", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "a b+530d903a+AekyeRrm",
        ])
    func wrongKey(_ text: String) {
        #expect(throws: NoteError.self) { try NoteVerifierKey(text) }
    }

    @Test("a note that Go signed verifies, and writes as it was")
    func foreignNote() throws {
        let note = try SignedNote(parsing: Array(Self.goNote.utf8))
        try note.verify(with: NoteVerifierKey(Self.goKey))
        #expect(note.bytes == Array(Self.goNote.utf8))
    }

    @Test("a changed text, a foreign key and a missing signature are told apart")
    func wrongNotes() throws {
        let changed = try SignedNote(parsing: Array(Self.goNote.replacing("answer", with: "cause").utf8))
        #expect(throws: NoteError.badSignature(by: "PeterNeumann")) {
            try changed.verify(with: NoteVerifierKey(Self.goKey))
        }
        let note = try SignedNote(parsing: Array(Self.goNote.utf8))
        let other = NoteError.notSigned(by: "example.com/foo+530d903a", found: ["PeterNeumann+c74f20a3"])
        #expect(throws: other) { try note.verify(with: NoteVerifierKey(Self.vkey)) }
        #expect("\(other)".hasSuffix("it has signatures of PeterNeumann+c74f20a3"))
    }

    @Test("another key of the same name is told by its hash, with where a rotated log's keys stand")
    func otherKeyOfTheName() throws {
        let asked = NoteVerifierKey(name: "log", key: Curve25519.Signing.PrivateKey().publicKey)
        let signer = NoteSigner(name: "log", key: Curve25519.Signing.PrivateKey())
        let error = #expect(throws: NoteError.self) { try signer.sign("x\n").verify(with: asked) }
        let text = "\(try #require(error))"
        for key in [asked, signer.verifierKey] {
            #expect(text.contains("log+\(NoteKeyName.hex(key.keyID))"), "\(text)")
        }
        #expect(text.contains("log.<hash>.vkey"), "\(text)")
    }

    @Test(
        "what is no note is refused",
        arguments: [
            "", "text\n", "text\n\n", "text\n\n- name AAAAAAAA\n", "text\n\n— name\n", "text\n\n— na+me AAAAAAAAAA==\n",
            "text\n\n— name AAAA\n", "te\u{1}xt\n\n— name AAAAAAAAAA==\n", "text\r\n\n— name AAAAAAAAAA==\n",
            "text\n\n— name AAAAAAAAAA==", "text\n\n— name !!!!\n",
        ])
    func malformed(_ text: String) {
        #expect(throws: NoteError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test("a checkpoint with signatures of others verifies and keeps them")
    func cosigned() throws {
        let signer = NoteSigner(name: "log", key: Curve25519.Signing.PrivateKey())
        let witness = NoteSigner(name: "witness", key: Curve25519.Signing.PrivateKey())
        let own = try SignedCheckpoint(origin: "log", treeSize: 7, root: .emptyTree, signer: signer)
        let other = try witness.sign(own.note.text)
        let both = SignedNote(text: own.note.text, signatures: own.note.signatures + other.signatures)
        let read = try SignedCheckpoint(parsing: both.bytes, verifiedBy: signer.verifierKey)
        #expect(read.treeSize == 7 && read.note.signatures.count == 2 && read.bytes == both.bytes)
        #expect(throws: NoteError.self) { try SignedCheckpoint(parsing: own.bytes, verifiedBy: witness.verifierKey) }
    }

    @Test(
        "a checkpoint whose lines are not canonical is refused",
        arguments: [
            "log\n07\n\(TreeHash.emptyTree.base64)\n", "log\n-1\n\(TreeHash.emptyTree.base64)\n", "log\n7\nAAAA\n",
            "log\n7\n",
        ])
    func wrongCheckpoint(_ text: String) throws {
        let signer = NoteSigner(name: "log", key: Curve25519.Signing.PrivateKey())
        let bytes = try signer.sign(text).bytes
        #expect(throws: NoteError.self) { try SignedCheckpoint(parsing: bytes, verifiedBy: signer.verifierKey) }
    }

    @Test("a checkpoint of another origin under the same key is refused")
    func wrongOrigin() throws {
        let signer = NoteSigner(name: "log", key: Curve25519.Signing.PrivateKey())
        let bytes = try SignedCheckpoint(origin: "other", treeSize: 7, root: .emptyTree, signer: signer).bytes
        #expect(throws: NoteError.self) { try SignedCheckpoint(parsing: bytes, verifiedBy: signer.verifierKey) }
    }
}
