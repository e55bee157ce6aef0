import GatewayCore
import Identifiers

/// A command's effects, each once. `Effect ==` compares texts as `String` does, for which two files whose names differ
/// only in how an accent is written are one: a decision on the one would be a decision on the other.
struct EffectList {
    private struct Key: Hashable {
        let action: ExactText
        let type: ExactText
        let name: ExactText
        let path: ExactText?

        init(_ effect: Effect) {
            action = ExactText(effect.action)
            type = ExactText(effect.resource.type)
            name = ExactText(effect.resource.name)
            if case .string(let path)? = effect.resource.attributes["path"] {
                self.path = ExactText(path)
            } else {
                path = nil
            }
        }
    }

    private(set) var effects: [Effect] = []
    private var keys: Set<Key> = []

    var isEmpty: Bool { effects.isEmpty }

    mutating func add(_ effect: Effect) {
        if keys.insert(Key(effect)).inserted { effects.append(effect) }
    }
}
