import AdapterTestKit
import Crypto
import GatewayCore
import StrictJSON
import Testing

@Suite("Command digest")
struct CommandDigestTests {
    private static let refund = Command(
        effects: [
            Effect(
                action: "http.post",
                resource: Resource(type: "Function", name: "refund", attributes: ["path": .string("/refund")]))
        ],
        text: "POST /refund",
        parameters: [
            Parameter(name: "amount", value: 125, encoding: "json"),
            Parameter(name: "account", value: "c-17", encoding: "json"),
        ],
        facts: [Fact("http.body_bytes", .integer(32)), Fact("http.tags", .strings(["a", "b"]))])

    @Test("the same command has the same digest")
    func stable() {
        #expect(Self.refund.digest(target: "payments") == Self.refund.digest(target: "payments"))
        #expect(Self.refund.digest(target: "payments").description.count == 64)
    }

    @Test("the encoding is fixed: an approval given yesterday still fits today")
    func fixed() {
        let smallest = Command(
            effects: [Effect(action: "a", resource: Resource(type: "T", name: "n"))], text: "x")
        #expect(
            smallest.digest(target: "t").description
                == "c8ea8e6ef9491cc1cb588f852f0e171761cce94080c5ee35e06b2e9802ed6f07")
    }

    /// Each changes one thing; strings moved between neighbours would collide in an encoding without lengths.
    private static let changes: [(String, @Sendable (inout Command) -> Void)] = [
        ("action", { $0.effects[0].action = "http.put" }),
        ("resource type", { $0.effects[0].resource.type = "Tool" }),
        ("resource name", { $0.effects[0].resource.name = "refunds" }),
        ("attribute value", { $0.effects[0].resource.attributes["path"] = .string("/refunc") }),
        ("attribute added", { $0.effects[0].resource.attributes["x"] = .bool(true) }),
        ("second effect", { $0.effects.append($0.effects[0]) }),
        ("text", { $0.text = "POST /refund " }),
        ("one byte of a value", { $0.parameters[1].value = "c-18" }),
        ("number text", { $0.parameters[0].value = .number("125.0") }),
        ("number to string", { $0.parameters[0].value = "125" }),
        ("order of parameters", { $0.parameters.swapAt(0, 1) }),
        ("parameter gone", { $0.parameters.removeLast() }),
        ("encoding", { $0.parameters[0].encoding = "query" }),
        ("name and encoding shifted", { $0.parameters[0] = Parameter(name: "amountj", value: 125, encoding: "son") }),
        ("fact", { $0.facts[0] = Fact("http.body_bytes", .integer(33)) }),
        ("list split otherwise", { $0.facts[1] = Fact("http.tags", .strings(["ab"])) }),
        ("a digest in place of a text", { $0.facts[1] = Fact("http.tags", .contentDigest("ab")) }),
        ("fact type", { $0.facts[0] = Fact("http.body_bytes", .string("32")) }),
    ]

    @Test("changing anything changes it", arguments: 0..<changes.count)
    func sensitive(index: Int) {
        var changed = Self.refund
        Self.changes[index].1(&changed)
        #expect(
            changed.digest(target: "payments") != Self.refund.digest(target: "payments"), "\(Self.changes[index].0)")
    }

    @Test("nobody without the key can find out what it is of by trying")
    func keyed() {
        let other = CommandDigest.Key(pseudonymKey: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        #expect(Self.refund.digest(target: "payments", key: other) != Self.refund.digest(target: "payments"))
    }

    @Test("it belongs to one target")
    func target() {
        #expect(Self.refund.digest(target: "payments") != Self.refund.digest(target: "payment"))
    }
}
