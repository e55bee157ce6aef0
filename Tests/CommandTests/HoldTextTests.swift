import StrictJSON
import Testing

@testable import sallyport

@Suite("Holding the evidence of somebody")
struct HoldTextTests {
    @Test(
        "a caller is taken as lists print them, and with a fragment's mark, whatever stands in the subject",
        arguments: [
            ("https://idp.example|alice", "https://idp.example", "alice"),
            ("http://127.0.0.1:7482|local|alice", "http://127.0.0.1:7482", "local|alice"),
            ("http://127.0.0.1:7482#local|alice", "http://127.0.0.1:7482", "local|alice"),
            ("https://idp.example|a#b", "https://idp.example", "a#b"),
            ("corp-ca|x\u{301}#", "corp-ca", "x\u{301}#"),
        ])
    func taken(text: String, issuer: String, subject: String) throws {
        let held = try #require(HeldCaller(text))
        #expect(held.issuer == issuer && held.subject == subject)
    }

    @Test(
        "what names no issuer or no subject is nobody",
        arguments: ["", "alice@example.com", "|alice", "#a", "i|", "i#"])
    func nobody(text: String) { #expect(HeldCaller(text) == nil) }

    @Test("a hold says how much it covers, and warns where that is nothing")
    func extent() throws {
        let caller: JSONValue = ["issuer": "https://idp", "subject": "alcie"]
        let none: JSONValue = ["files": 0, "held_caller": caller, "sessions": 0]
        #expect(AddHold.extent(of: none) == ": it covers 0 sessions now, with 0 sealed files")
        let warning = try #require(AddHold.warning(of: none))
        #expect(warning.hasPrefix("WARNING: the log knows no session of https://idp|alcie"))
        let one: JSONValue = ["files": 1, "held_caller": caller, "sessions": 1]
        #expect(AddHold.extent(of: one) == ": it covers 1 session now, with 1 sealed file")
        #expect(AddHold.warning(of: one) == nil)
        // Where it could not be counted, nothing is claimed.
        let unknown: JSONValue = ["files": nil, "held_caller": caller, "sessions": nil]
        #expect(AddHold.extent(of: unknown) == "" && AddHold.warning(of: unknown) == nil)
        #expect(AddHold.extent(of: ["files": nil, "sessions": 3]) == ": it covers 3 sessions now")
    }
}
