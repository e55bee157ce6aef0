import Identifiers
import Masking

/// A table or view of the database, as its catalog has it.
struct Relation: Sendable {
    struct Column: Sendable {
        let number: Int16
        let name: String
        let typeOID: UInt32
        /// COPY leaves it out.
        let isGenerated: Bool
        /// The columns that it shows or is computed from: itself, and what lies under a view.
        var origins: [ColumnOrigin]
    }

    let name: QualifiedName
    var columns: [Column]
    /// The names of all that lies under it, and of its partitions and parents: while none of them changes, the origins
    /// are what they are.
    var dependencies: Set<String> = []
}

/// A name with its schema.
struct QualifiedName: Hashable, Sendable {
    let schema: String
    let name: String

    static func == (left: QualifiedName, right: QualifiedName) -> Bool {
        left.schema.isExactly(right.schema) && left.name.isExactly(right.name)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(schema))
        hasher.combine(ExactText(name))
    }
}

/// What is to be known of a database, to say where values come from.
struct CatalogNeeds: Hashable, Sendable {
    var relationOIDs: Set<UInt32> = []
    var relations: Set<QualifiedName> = []
    var functions: Set<QualifiedName> = []
    var types: Set<UInt32> = []

    var isEmpty: Bool { relationOIDs.isEmpty && relations.isEmpty && functions.isEmpty && types.isEmpty }
}

/// What was found of them. What is a key without a value does not exist.
struct CatalogFindings: Sendable {
    var byOID: [UInt32: Relation?] = [:]
    var byName: [QualifiedName: Relation?] = [:]
    /// Whether a function of this name is PostgreSQL's own or computes from its arguments alone.
    var functions: [QualifiedName: FunctionKind] = [:]
    var types: [UInt32: ValueKind] = [:]

    enum FunctionKind: Sendable {
        /// There is none.
        case absent
        /// Written in C: its result comes from its arguments.
        case computed
        /// Written in SQL or another language: it may read any table.
        case opaque
    }

    /// The names of all that hangs together with what was asked for, whether it is there or not.
    func names(behind needs: CatalogNeeds) -> Set<String> {
        var names = Set(needs.relations.map(\.name)).union(needs.functions.map(\.name))
        let found =
            needs.relations.compactMap { byName[$0] ?? nil } + needs.relationOIDs.compactMap { byOID[$0] ?? nil }
        for relation in found {
            names.insert(relation.name.name)
            names.formUnion(relation.dependencies)
        }
        return names
    }

    mutating func merge(_ other: CatalogFindings) {
        byOID.merge(other.byOID) { $1 }
        byName.merge(other.byName) { $1 }
        functions.merge(other.functions) { $1 }
        types.merge(other.types) { $1 }
    }
}
