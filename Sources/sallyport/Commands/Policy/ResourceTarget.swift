import Policy
import StrictJSON

extension JSONValue {
    /// A request to the policies with what its resource is in, where it does not say: as for the gateway,
    /// `Function::"payments/refund"` is in `Target::"payments"`. What the console is asked about has no target in its id.
    var withTargetOfResource: JSONValue {
        guard let members = object, self["in"] == nil, let uid = self["resource"]?.string.flatMap(EntityUID.init),
            uid.type != "Target", !isAskedOfConsole
        else { return self }
        let target = EntityUID(type: "Target", id: String(uid.id.prefix { $0 != "/" }))
        return .object(members + [JSONMember("in", .array([.string(target.description)]))])
    }

    private var isAskedOfConsole: Bool {
        let action = self["action"]?.string ?? ""
        return (EntityUID(action)?.id ?? action).hasPrefix("\(Vocabulary.console.kind).")
    }
}
