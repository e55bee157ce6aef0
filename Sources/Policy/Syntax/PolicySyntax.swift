/// One policy as the source says it.
struct PolicySyntax: Sendable {
    var effect: PolicyEffect
    var annotations: [AnnotationSyntax]
    var principal: ScopeConstraint
    var action: ScopeConstraint
    var resource: ScopeConstraint
    var conditions: [ConditionSyntax]
    /// From the first annotation to the semicolon.
    var range: SourceRange
    /// The word `permit` or `forbid`.
    var effectRange: SourceRange
}

public enum PolicyEffect: String, Sendable, Hashable, Codable {
    case permit, forbid
}

struct AnnotationSyntax: Sendable {
    let name: String
    /// Empty where the annotation has no value.
    let value: String
    let range: SourceRange
    let valueRange: SourceRange
}

/// What the policy's head asks of `principal`, `action` or `resource`.
struct ScopeConstraint: Sendable {
    enum Kind: Sendable, Hashable {
        case any
        case equal(EntityUID)
        /// A list only for actions; an empty list matches nothing.
        case memberOf([EntityUID])
        case hasType(String)
        case hasTypeAndIsMemberOf(String, EntityUID)
    }
    var kind: Kind
    var range: SourceRange

    /// The entities that the constraint names.
    var entities: [EntityUID] {
        switch kind {
        case .any, .hasType: []
        case .equal(let uid), .hasTypeAndIsMemberOf(_, let uid): [uid]
        case .memberOf(let uids): uids
        }
    }
}

/// A `when` or `unless` clause.
struct ConditionSyntax: Sendable {
    let isUnless: Bool
    let body: Expression
    let range: SourceRange
}
