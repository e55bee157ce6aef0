/// What became of one part of what is in force.
enum InForceChange: String, CaseIterable, Sendable {
    case added
    case removed
    case changed
    /// It is in force; what was before is not known.
    case inForce = "in-force"

    /// What became of a thing that was `before` and is `after`; `nil` where nothing did.
    static func between<T>(_ before: T?, _ after: T?, isSame: (T, T) -> Bool) -> InForceChange? {
        switch (before, after) {
        case (nil, nil): nil
        case (nil, .some): .added
        case (.some, nil): .removed
        case (let before?, let after?): isSame(before, after) ? nil : .changed
        }
    }
}

/// What is known of the time before.
public enum InForceHistory: Sendable {
    /// There is none: the log begins.
    case beginning
    /// The record of what was in force is lost.
    case unknown
    case known(InForce)

    /// What is known to have been in force.
    public var before: InForce? { if case .known(let before) = self { before } else { nil } }
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}
