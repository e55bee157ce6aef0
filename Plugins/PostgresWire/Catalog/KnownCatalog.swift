import Identifiers
import Masking

/// What is known of a database's relations, as a session sees them by its search path.
struct KnownCatalog {
    let findings: CatalogFindings
    /// How names are looked up. Where that may have been before, each table that a name could have meant then counts.
    let lookup: NameLookup

    /// Of nothing but types: whatever is asked, it cannot be said.
    static func unknown(types: [UInt32: ValueKind]) -> KnownCatalog {
        KnownCatalog(findings: CatalogFindings(types: types), lookup: NameLookup(path: nil))
    }

    /// `nil` where it cannot be said.
    func origins(ofColumn number: Int16, in relation: UInt32) -> [ColumnOrigin]? {
        guard let found = findings.byOID[relation] ?? nil else { return nil }
        switch number {
        // The row itself.
        case 0: return found.columns.flatMap(\.origins)
        // Columns of the system's, as ctid.
        case ..<0: return []
        default: return found.columns.first { $0.number == number }?.origins
        }
    }

    /// The columns that values are computed from; `nil` where it cannot be said.
    func origins(of references: Set<ColumnReference>) -> [ColumnOrigin]? {
        var all: [ColumnOrigin] = []
        for reference in references {
            switch reference {
            case .anything: return nil
            case .function(let name): if isOpaque(name) { return nil }
            case .field(let name, let field):
                guard let relations = relations(name) else { return nil }
                for relation in relations
                where !relation.columns.contains(where: { $0.name.isExactly(field) })
                    && !Self.systemColumns.contains(field)
                {
                    all.append(contentsOf: relation.columns.flatMap(\.origins))
                }
            case .wholeRow(let name):
                guard let relations = relations(name) else { return nil }
                all.append(contentsOf: relations.flatMap(\.columns).flatMap(\.origins))
            case .column(let name, let column):
                guard let relations = relations(name) else { return nil }
                for relation in relations {
                    if let found = relation.columns.first(where: { $0.name.isExactly(column) }) {
                        all.append(contentsOf: found.origins)
                    } else if column == relation.name.name {
                        all.append(contentsOf: relation.columns.flatMap(\.origins))
                    }
                }
            // Otherwise the name is one of another relation of the query, or of the system: ctid, tableoid.
            }
        }
        return all
    }

    private static let systemColumns: Set<String> = ["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"]

    func columnNames(of name: RelationName) -> [String]? { relation(name)?.columns.map(\.name) }

    /// The relation that a name means; `nil` where there is none, or it cannot be said which.
    func relation(_ name: RelationName) -> Relation? {
        guard let relations = relations(name), relations.count == 1 else { return nil }
        return relations[0]
    }

    /// The relations that a name may mean; `nil` where there is none.
    private func relations(_ name: RelationName) -> [Relation]? {
        let found = schemas(name).lazy.compactMap { schema in
            findings.byName[QualifiedName(schema: schema, name: name.name)] ?? nil
        }
        let relations = lookup.isPast ? Array(found) : Array(found.prefix(1))
        return relations.isEmpty ? nil : relations
    }

    func schemas(_ name: RelationName) -> [String] { Self.schemas(name, lookup.path ?? []) }

    static func schemas(_ name: RelationName, _ searchPath: [String]) -> [String] {
        if let schema = name.schema {
            if schema == "pg_temp" { return searchPath.filter { $0.hasPrefix("pg_temp_") } }
            return [schema]
        }
        return searchPath.contains("pg_catalog") ? searchPath : withSystem(searchPath)
    }

    /// The system's schema is searched first, but after temporary tables.
    private static func withSystem(_ path: [String]) -> [String] {
        let temporary = path.prefix { $0.hasPrefix("pg_temp_") }
        return temporary + ["pg_catalog"] + path.dropFirst(temporary.count)
    }

    private func isOpaque(_ name: RelationName) -> Bool {
        // Which of several overloaded ones is called depends on types, so that any that is opaque counts.
        var isFound = false
        for schema in schemas(name) where !schema.hasPrefix("pg_temp_") {
            switch findings.functions[QualifiedName(schema: schema, name: name.name)] {
            case .opaque: return true
            case .computed where schema != "pg_catalog": isFound = true
            default: break
            }
        }
        // Among PostgreSQL's own there is none that reads tables without being an effect of its own.
        return !isFound && name.schema != nil && name.schema != "pg_catalog"
    }
}
