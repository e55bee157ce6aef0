import AdapterTestKit
import ConfigFile
import GatewayCore
import Masking
import StrictJSON

/// What the sessions of these tests want to do.
enum Wanted {
    static func target() throws -> Target {
        Target(
            name: "payments", kind: "http",
            section: try ConfigDocument.load(text: "{}", file: "target.yaml", keys: []))
    }

    static func call(
        _ name: String = "read", action: String = "http.post", _ parameters: Parameter..., facts: [Fact] = [],
        text: String? = nil
    ) -> Command {
        Command(
            effects: [Effect(action: action, resource: Resource(type: "Function", name: name))],
            text: text ?? "POST /\(name)", parameters: parameters, facts: facts)
    }

    static func json(_ name: String, _ value: JSONValue) -> Parameter {
        Parameter(name: name, value: value, encoding: "json")
    }

    /// Callers may do everything, except …
    static let policy = """
        @id("callers") permit (principal in Group::"kit-callers", action, resource)
        unless { resource.name like "refund*" || resource.name like "unknown*" || resource.name like "customer*" };
        @id("refunds") @approve("1 of kit-approvers within 10m") @mask("pii")
        permit (principal in Group::"kit-callers", action, resource) when { resource.name like "refund*" };
        @id("no-export") @advice("Ask the data office.")
        forbid (principal, action, resource) when { resource.name == "export" };
        @id("masked") @mask("pii") @maxrows("10")
        permit (principal in Group::"kit-callers", action, resource) when { resource.name like "customer*" };
        """

    static let masking = [
        MaskingRuleSet(
            name: "pii",
            rules: [
                MaskingRule(selector: .field("secret*"), transform: .redact),
                MaskingRule(selector: .field("ssn"), transform: .keepLast(4)),
            ]),
        MaskingRuleSet(name: "other", rules: [MaskingRule(selector: .field("salary"), transform: .redact)]),
    ]

    static func gateway(_ policy: String = policy) throws -> KitGateway {
        try KitGateway(policy: policy, masking: masking)
    }
}
