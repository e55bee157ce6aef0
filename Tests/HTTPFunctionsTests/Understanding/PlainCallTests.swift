import AdapterTestKit
import GatewayCore
import Testing

@testable import HTTPFunctions

@Suite("Plain calls")
struct PlainCallTests {
    @Test("query, form and JSON members become parameters, in their order")
    func parameters() throws {
        let json = try understand("http", query: "dry=1&name=a+b%20c", body: #"{"amount":5,"to":{"id":"x"}}"#)
        #expect(json.effects == ["http.post Function/f"])
        #expect(json.parameters == [#"dry="1""#, #"name="a b c""#, "amount=5", #"to={"id":"x"}"#])
        let form = try understand(
            "http", body: "a=1&a=2&b", headers: [("X-Tenant", "blue")], type: "application/x-www-form-urlencoded")
        #expect(form.parameters == [#"x-tenant="blue""#, #"a="1""#, #"a="2""#, #"b="""#])
        #expect(form.fact("http.duplicate_parameters") == .bool(true))
    }

    @Test(
        "what is not read is opaque",
        arguments: ["application/octet-stream", "image/png", "application/json; charset=utf-16"])
    func opaque(type: String) throws {
        #expect(try understand("http", body: "{}", type: type).fact("opaque") == .bool(true))
    }

    @Test("a compressed body and one without a type are opaque, an empty one is not")
    func opaqueBodies() throws {
        #expect(
            try understand("http", body: "{}", headers: [("Content-Encoding", "gzip")]).fact("opaque") == .bool(true))
        #expect(try understand("http", body: "x", type: nil).fact("opaque") == .bool(true))
        #expect(try understand("http", "GET", type: nil).fact("opaque") == nil)
    }

    @Test(
        "JSON that two readers could take for different things is refused",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, "{\"a\":\"\\u0000\"}", "{\"n\":1e999}", "{", "{} {}",
            "\"\\ud800\"",
            String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
        ])
    func malformedJSON(body: String) throws {
        let refusal = try understand("http", body: body).refusal
        #expect(refusal?.status == 400 && refusal?.rule == "json-malformed")
    }

    @Test("a broken query or form is refused", arguments: ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%00"])
    func malformedQuery(query: String) throws {
        #expect(try understand("http", query: query).refusal?.rule == "query-malformed")
        let form = try understand("http", body: query, type: "application/x-www-form-urlencoded")
        #expect(form.refusal?.rule == "form-malformed")
    }

    @Test("one byte anywhere changes the digest")
    func digest() throws {
        func digest(_ u: Understanding) -> String? { u.command?.digest(target: "t").description }
        let base = digest(try understand("http", query: "a=1", body: #"{"b":1}"#))
        #expect(base != nil)
        let others = [
            try understand("http", "PUT", query: "a=1", body: #"{"b":1}"#),
            try understand("http", query: "a=1", body: #"{"b":1} "#),
            try understand("http", query: "a=%31", body: #"{"b":1}"#),
            try understand("http", "POST", "/F", query: "a=1", body: #"{"b":1}"#),
            try understand("http", body: #"{"b":1}"#),
            try understand("http", query: "a=1", body: #"{"b":1}"#, type: "application/x+json"),
            try understand("http", query: "a=1", body: #"{"b":1}"#, headers: [("X-Tenant", "b")]),
        ].map(digest)
        #expect(!others.contains(base))
        #expect(Set(others).count == others.count)
    }

    @Test("auto adds what a body looks like and keeps what the request is")
    func auto() throws {
        #expect(
            try understand("auto", body: #"{"jsonrpc":"2.0","method":"m","id":1}"#).effects
                == ["rpc.call Method/m", "http.post Function/f"])
        #expect(try understand("auto", body: #"{"a":1}"#).effects == ["http.post Function/f"])
        #expect(
            try understand("http", body: #"{"jsonrpc":"2.0","method":"m","id":1}"#).effects == ["http.post Function/f"])
        #expect(
            try understand(
                "auto", body: #"{"tool_calls":[{"type":"function","function":{"name":"x","arguments":"{}"}}]}"#
            )
            .effects == ["function.call Tool/x", "http.post Function/f"])
    }
}
