import Identifiers

/// One change of what a name stands for, which the server has been sent and may still refuse.
final class NameChange<Value: AnyObject> {
    let name: ExactText
    /// `nil` where the name is closed.
    let value: Value?
    /// How many messages that ReadyForQuery ends had been sent before.
    let epoch: Int
    /// What the name stood for before, as long as the server may refuse the change.
    fileprivate var previous: NameChange?
    fileprivate var isConfirmed = false

    fileprivate init(_ name: ExactText, _ value: Value?, epoch: Int, previous: NameChange? = nil) {
        self.name = name
        self.value = value
        self.epoch = epoch
        self.previous = previous
    }

    /// What the name stood for before, as long as the server may refuse the change.
    var replaced: Value? { previous?.value }
}

/// What names stand for, by the messages that were sent: one that the server refuses is taken back, whatever has been
/// sent since.
struct NameTable<Value: AnyObject> {
    /// The latest change of each name; those before it hang on it until the server has confirmed it.
    private var latest: [ExactText: NameChange<Value>] = [:]

    var count: Int { latest.count }
    var values: [Value] { latest.values.compactMap(\.value) }

    subscript(name: String) -> Value? { latest[ExactText(name)]?.value }

    /// Whether a change that an earlier pipeline sent may still be refused: what follows in a pipeline whose message is
    /// refused is skipped, and what follows in the next one is not.
    func isUncertain(_ name: String, in epoch: Int) -> Bool {
        guard let change = latest[ExactText(name)] else { return false }
        return !change.isConfirmed && change.epoch < epoch
    }

    /// - Parameter value: `nil` closes the name.
    mutating func change(_ name: String, to value: Value?, in epoch: Int) -> NameChange<Value> {
        let name = ExactText(name)
        let change = NameChange(name, value, epoch: epoch, previous: latest[name])
        latest[name] = change
        return change
    }

    /// The server has done it.
    mutating func confirm(_ change: NameChange<Value>) {
        change.isConfirmed = true
        change.previous = nil
        if change.value == nil, latest[change.name] === change { latest[change.name] = nil }
    }

    /// The server has not done it and never will.
    mutating func undo(_ change: NameChange<Value>) {
        if latest[change.name] === change {
            latest[change.name] = change.previous
            return
        }
        var later = latest[change.name]
        while let current = later, current.previous !== change { later = current.previous }
        later?.previous = change.previous
    }

    /// The server has done it by SQL: before all that it has not confirmed.
    mutating func set(_ name: String, to value: Value?) {
        let name = ExactText(name)
        let change = value.map { NameChange(name, $0, epoch: 0) }
        change?.isConfirmed = true
        guard var later = latest[name], !later.isConfirmed else {
            latest[name] = change
            return
        }
        while let next = later.previous, !next.isConfirmed { later = next }
        later.previous = change
    }

    /// Forgets all names whose value is one that `condition` chooses, and gives those.
    mutating func remove(where condition: (Value) -> Bool) -> [Value] {
        var removed: [Value] = []
        for (name, change) in latest {
            guard let value = change.value, condition(value) else { continue }
            removed.append(value)
            latest[name] = nil
        }
        return removed
    }
}
