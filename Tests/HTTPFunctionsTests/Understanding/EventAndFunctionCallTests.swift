import Testing

@testable import HTTPFunctions

@Suite("CloudEvents and function calls")
struct EventAndFunctionCallTests {
    private static let event = #"{"specversion":"1.0","id":"1","source":"/s","type":"order.paid","data":{"amount":5}}"#

    @Test("events in all three modes are of their type")
    func modes() throws {
        let structured = try understand("cloudevents", body: Self.event, type: "application/cloudevents+json")
        #expect(structured.effects == ["event.send EventType/order.paid"])
        #expect(structured.parameters.contains(#"data={"amount":5}"#))
        let batch = try understand(
            "cloudevents", body: "[\(Self.event),\(Self.event)]", type: "application/cloudevents-batch+json")
        #expect(batch.effects.count == 2 && batch.fact("event.count") == .integer(2))
        let binary = try understand(
            "cloudevents", body: #"{"amount":5}"#,
            headers: [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "order%20paid")])
        #expect(binary.effects == ["event.send EventType/order paid"])
        #expect(binary.parameters.contains("amount=5"))
    }

    @Test(
        "what is no event is refused",
        arguments: [
            "{}", "[]", "1", #"{"specversion":"0.3","id":"1","source":"/s","type":"t"}"#,
            #"{"specversion":"1.0","id":"","source":"/s","type":"t"}"#, #"{"specversion":"1.0","id":"1","type":"t"}"#,
            #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1,"data_base64":"AA=="}"#,
        ])
    func malformed(body: String) throws {
        let read = try understand("cloudevents", body: body, type: "application/cloudevents+json")
        #expect(read.refusal?.rule == "event-invalid")
    }

    @Test("an attribute that stands twice in the header is refused")
    func duplicateAttribute() throws {
        let read = try understand(
            "cloudevents", body: "{}",
            headers: [
                ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "a"), ("CE-Type", "b"),
            ])
        #expect(read.refusal?.rule == "event-invalid")
    }

    @Test("each function call is an effect, its arguments strictly read")
    func functionCalls() throws {
        let chat = #"""
            {"tool_calls":[{"id":"1","type":"function","function":{"name":"pay","arguments":"{\"amount\":5}"}},
            {"id":"2","type":"function","function":{"name":"read","arguments":"{}"}}]}
            """#
        let read = try understand("openai", body: chat)
        #expect(read.effects == ["function.call Tool/pay", "function.call Tool/read"])
        #expect(read.parameters == ["0.amount=5"])
        let responses =
            #"[{"type":"message"},{"type":"function_call","call_id":"1","name":"pay","arguments":"{\"a\":1}"}]"#
        #expect(try understand("openai", body: responses).parameters == ["a=1"])
    }

    @Test(
        "arguments that are not one strict object are refused",
        arguments: [#"{\"a\":1,\"a\":2}"#, "[1]", "{", "1"])
    func badArguments(arguments: String) throws {
        let body = #"{"type":"function_call","name":"pay","arguments":"\#(arguments)"}"#
        #expect(try understand("openai", body: body).refusal?.rule == "function-call-invalid")
    }
}
