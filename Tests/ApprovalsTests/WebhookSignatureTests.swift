import Crypto
import Foundation
import Identifiers
import Testing

@testable import Approvals

@Suite("WebhookSignature")
struct WebhookSignatureTests {
    private static let secret = SymmetricKey(data: Data("0123456789abcdef".utf8))
    private static let body = Array(#"{"a":1}"#.utf8)
    private static let time = Timestamp(milliseconds: 1_790_000_000_999)
    /// Made with Python: `hmac.new(b"0123456789abcdef", b'1790000000.{"a":1}', "sha256").hexdigest()`.
    private static let code = "d569e4518fe6f4620fd6639233427e7df5e5394d8f14c85c1063b8d90a724dcb"

    private func isValid(_ header: String, body: [UInt8] = body, secret: SymmetricKey = secret, after: Duration = .zero)
        -> Bool
    {
        WebhookSignature.isValid(header, for: body, secret: secret, now: Self.time.adding(after))
    }

    @Test("the header is what another implementation computes")
    func knownAnswer() {
        let header = WebhookSignature.sign(Self.body, at: Self.time, secret: Self.secret)
        #expect(header == "t=1790000000,v1=\(Self.code)")
        #expect(isValid(header))
        #expect(isValid("v0=00, v1=00,t=1790000000,v1=\(Self.code)"))
    }

    @Test("a changed body, time or secret does not verify, nor does an old delivery")
    func changed() {
        let header = "t=1790000000,v1=\(Self.code)"
        #expect(!isValid(header, body: Array(#"{"a":2}"#.utf8)))
        #expect(!isValid("t=1790000001,v1=\(Self.code)"))
        #expect(!isValid(header, secret: SymmetricKey(data: Data("0123456789abcdeg".utf8))))
        #expect(isValid(header, after: .seconds(299)))
        #expect(!isValid(header, after: .seconds(301)))
        #expect(!isValid(header, after: .seconds(-301)))
    }

    @Test(
        "a header that is not one does not verify",
        arguments: [
            "", "t=", "v1=", "t=1790000000", "t=1790000000,v1=", "t=-1,v1=\(code)", "t=x,v1=\(code)",
            "t=1790000000,v1=\(code)0", "t=1790000000,v1=\(code.dropLast())g", "t=1790000000,v2=\(code)",
            "t=18446744073709551615,v1=\(code)", "t=1790000000,v1=\(code.uppercased())",
        ])
    func malformed(header: String) {
        #expect(!isValid(header))
    }
}
