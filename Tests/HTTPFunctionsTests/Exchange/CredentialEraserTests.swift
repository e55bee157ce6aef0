import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Erasing echoed credentials")
struct CredentialEraserTests {
    static let secret = "hunter22/ok+AA=="

    /// What leaves when `text` arrives in pieces of `size` bytes.
    private static func erase(_ text: String, secrets: [String], inPiecesOf size: Int) -> (text: String, count: Int) {
        var eraser = CredentialEraser(UpstreamSecrets(secrets))
        var buffer = ByteBuffer(string: text)
        var out = ""
        while buffer.readableBytes > 0, let piece = buffer.readSlice(length: min(size, buffer.readableBytes)) {
            out += String(buffer: eraser.erase(piece))
        }
        out += String(buffer: eraser.finish())
        return (out, eraser.counts.first?.count ?? 0)
    }

    @Test(
        "every form of a credential becomes as many asterisks, wherever the answer is cut",
        arguments: [
            (#"{"auth":"Basic hunter22/ok+AA=="}"#, #"{"auth":"**********************"}"#, 1),
            (#"{"auth":"hunter22\/ok+AA=="}"#, #"{"auth":"*****************"}"#, 1),
            ("hunter22/ok+AA==hunter22/ok+AA==", "********************************", 2),
            ("hunter22/ok+A", "hunter22/ok+A", 0),
            ("hunter2hunter22/ok+AA=", "hunter2hunter22/ok+AA=", 0),
            ("hunter2hunter22/ok+AA==", "hunter2****************", 1),
            ("hhhhunter22/ok+AA==!", "hhh****************!", 1),
            ("", "", 0),
        ])
    func cuts(text: String, wanted: String, count: Int) {
        for size in 1...max(1, text.utf8.count) {
            let erased = Self.erase(text, secrets: [Self.secret, "Basic \(Self.secret)"], inPiecesOf: size)
            #expect(erased.text == wanted, "in pieces of \(size)")
            #expect(erased.count == count, "in pieces of \(size)")
        }
    }

    @Test("a credential too short to be told from ordinary words erases nothing")
    func short() {
        #expect(UpstreamSecrets(["", "abc", "Bearer x"]).patterns == [Array("Bearer x".utf8)])
        #expect(UpstreamSecrets(["", "abc"]).isEmpty)
    }

    @Test("what cannot be the start of a credential is passed on at once")
    func holdsLittle() {
        var eraser = CredentialEraser(UpstreamSecrets([Self.secret]))
        #expect(String(buffer: eraser.erase(ByteBuffer(string: "data: one\n\n"))) == "data: one\n\n")
        #expect(String(buffer: eraser.erase(ByteBuffer(string: "data: hunter"))) == "data: ")
        #expect(String(buffer: eraser.erase(ByteBuffer(string: "s\n\n"))) == "hunters\n\n")
    }
}
