import NIOCore
import Testing

@testable import HTTPFunctions

@Suite("Fields that speak to the gateway")
struct FieldTests {
    private static func fields(_ pairs: (String, String)...) -> HeaderFields {
        HeaderFields(pairs.map { (name: $0.0, value: $0.1) })
    }

    @Test(
        "Prefer: wait is read among other preferences; what is no number of seconds is overlooked",
        arguments: [
            ("wait=30", 30), ("respond-async, wait=30", 30), ("wait=\"10\"; foo", 10), ("Wait = 5", 5),
            ("wait=1, wait=2", 1), ("wait", nil), ("wait=", nil), ("wait=-1", nil), ("wait=1.5", nil),
            ("waiting=9", nil),
            ("wait=99999999999999999999", nil),
        ] as [(String, Int?)])
    func wait(value: String, seconds: Int?) {
        #expect(Preferences(Self.fields(("Prefer", value))).wait == seconds)
    }

    @Test("the token is in one field, and the gateway's own comes first")
    func token() throws {
        #expect(try BearerToken.find(in: Self.fields(("Authorization", "Bearer a.b.c"))) == ("a.b.c", false))
        #expect(try BearerToken.find(in: Self.fields(("authorization", "bearer   a.b.c"))) == ("a.b.c", false))
        let both = try BearerToken.find(
            in: Self.fields(("Authorization", "Basic eDp5"), ("Sallyport-Authorization", "Bearer t")))
        #expect(both == ("t", true))
        for missing in [
            Self.fields(), Self.fields(("Authorization", "Basic eDp5")), Self.fields(("Authorization", "Bearer ")),
            Self.fields(("Authorization", "Bearer")),
        ] { #expect(throws: (any Error).self) { try BearerToken.find(in: missing) } }
        #expect(throws: (any Error).self) {
            try BearerToken.find(in: Self.fields(("Authorization", "Bearer a"), ("Authorization", "Bearer b")))
        }
    }

    @Test(
        "dates are those of RFC 9110",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
        ])
    func date(seconds: UInt64, text: String) { #expect(HTTPDate.format(seconds) == text) }

    @Test("a valid trace goes on, an invalid one is replaced by the command's own")
    func trace() {
        let id = (high: UInt64(0x0102_0304_0506_0708), low: UInt64(0x090a_0b0c_0d0e_0f10))
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let going = TraceContext(continuing: valid, commandID: id, span: 255)
        #expect(going.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-01" && going.isContinued)
        for invalid in [
            nil, "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", valid.uppercased(),
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", valid + "-x",
        ] {
            let own = TraceContext(continuing: invalid, commandID: id, span: 1)
            #expect(own.traceparent == "00-0102030405060708090a0b0c0d0e0f10-0000000000000001-00" && !own.isContinued)
        }
    }
}
