import CLibPQ
import Masking
import NIOCore

/// Reads a database's catalog on a connection of the gateway's own. Blocks.
///
/// Views are looked through: their queries are parsed as a caller's are, with nothing on the search path, so that every
/// name in them has its schema.
struct CatalogReader {
    private let connection: LibPQConnection
    private var findings = CatalogFindings()
    /// Views whose queries are being read, so that none is read within itself.
    private var reading: Set<QualifiedName> = []

    /// Deeper views are taken to show anything.
    private static let deepestView = 32
    /// Statistics, in which values of every table stand, and the bytes of large objects and of long values.
    private static let holdsValues: Set<String> = [
        "pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs", "pg_largeobject",
    ]

    static func read(_ needs: CatalogNeeds, _ connection: LibPQConnection) throws -> CatalogFindings {
        var reader = CatalogReader(connection: connection)
        try reader.readTypes(needs.types)
        try reader.readFunctions(needs.functions)
        try reader.readRelations(oids: needs.relationOIDs, names: needs.relations)
        return reader.findings
    }

    private init(connection: LibPQConnection) { self.connection = connection }

    // MARK: Relations

    private struct Found {
        let oid: UInt32
        var relation: Relation
        let definition: String?
    }

    private mutating func readRelations(oids: Set<UInt32>, names: Set<QualifiedName>) throws {
        let oids = oids.filter { findings.byOID[$0] == nil }
        let names = names.filter { findings.byName[$0] == nil }
        guard !oids.isEmpty || !names.isEmpty else { return }
        for oid in oids { findings.byOID[oid] = .some(nil) }
        for name in names { findings.byName[name] = .some(nil) }
        let schemas = names.map(\.schema)
        let rows = try connection.query(
            """
            SELECT c.oid, n.nspname, c.relname, a.attnum, a.attname, a.atttypid, a.attgenerated <> '',
                CASE WHEN c.relkind IN ('v', 'm') AND a.attnum = 1 AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                THEN pg_catalog.pg_get_viewdef(c.oid) END, c.relkind IN ('v', 'm')
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.oid = ANY ($1::oid[])
                OR (n.nspname, c.relname) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])))
            ORDER BY c.oid, a.attnum
            """,
            [Self.array(oids.map(String.init)), Self.array(schemas), Self.array(names.map(\.name))])
        var found: [Found] = []
        for row in rows {
            guard row.count == 9, let oid = row[0].flatMap(UInt32.init), let schema = row[1], let name = row[2],
                let number = row[3].flatMap(Int16.init), let column = row[4], let type = row[5].flatMap(UInt32.init)
            else { throw UpstreamDialError("the catalog gives rows that cannot be read") }
            if found.last?.oid != oid {
                found.append(
                    Found(
                        oid: oid, relation: Relation(name: QualifiedName(schema: schema, name: name), columns: []),
                        definition: row[7]))
            }
            found[found.count - 1].relation.columns.append(
                Relation.Column(
                    number: number, name: column, typeOID: type, isGenerated: row[6] == "t",
                    origins: Self.ownOrigins(schema, name, column)))
        }
        try addRelatives(to: &found)
        for var one in found {
            if let definition = one.definition { try look(through: definition, of: &one.relation) }
            findings.byOID[one.oid] = one.relation
            findings.byName[one.relation.name] = one.relation
        }
        let types = Set(found.flatMap(\.relation.columns).map(\.typeOID).filter { ValueKind(oid: $0) == nil })
        try readTypes(types)
    }

    private static func ownOrigins(_ schema: String, _ table: String, _ column: String) -> [ColumnOrigin] {
        let holdsValues = schema == "pg_toast" || schema == "pg_catalog" && Self.holdsValues.contains(table)
        return [
            holdsValues
                ? ColumnOrigin(schema: nil, table: nil, column: nil)
                : ColumnOrigin(schema: schema, table: table, column: column)
        ]
    }

    /// Partitions and children show what their parents' rules are about, and a parent shows its children's rows.
    private func addRelatives(to found: inout [Found]) throws {
        guard !found.isEmpty else { return }
        let rows = try connection.query(
            """
            WITH RECURSIVE up AS (
                SELECT inhrelid AS asked, inhparent AS found FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1::oid[])
                UNION SELECT up.asked, i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.found),
            down AS (
                SELECT inhparent AS asked, inhrelid AS found FROM pg_catalog.pg_inherits WHERE inhparent = ANY ($1::oid[])
                UNION SELECT down.asked, i.inhrelid FROM down JOIN pg_catalog.pg_inherits i ON i.inhparent = down.found)
            SELECT relatives.asked, n.nspname, c.relname FROM (SELECT * FROM up UNION SELECT * FROM down) relatives
                JOIN pg_catalog.pg_class c ON c.oid = relatives.found
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            """, [Self.array(found.map { String($0.oid) })])
        for row in rows {
            guard let asked = row[0].flatMap(UInt32.init), let schema = row[1], let relative = row[2],
                let place = found.firstIndex(where: { $0.oid == asked })
            else { continue }
            found[place].relation.dependencies.insert(relative)
            for index in found[place].relation.columns.indices {
                let column = found[place].relation.columns[index].name
                found[place].relation.columns[index].origins.append(
                    ColumnOrigin(schema: schema, table: relative, column: column))
            }
        }
    }

    private mutating func look(through definition: String, of view: inout Relation) throws {
        let unknown = ColumnOrigin(schema: nil, table: nil, column: nil)
        func markUnknown(_ view: inout Relation) {
            for index in view.columns.indices { view.columns[index].origins.append(unknown) }
        }
        guard reading.count < Self.deepestView, reading.insert(view.name).inserted else { return markUnknown(&view) }
        defer { reading.remove(view.name) }
        var reader = SQLReader(options: SQLReadingOptions())
        let settings = SQLSettings(searchPath: ["pg_catalog"], standardConformingStrings: true)
        guard case .statements(let statements) = reader.read(definition, settings: settings), statements.count == 1
        else {
            return markUnknown(&view)
        }
        let lineage = statements[0].lineage
        let lookup = NameLookup(path: ["pg_catalog"])
        var needs = CatalogNeeds()
        needs.add(lineage.all, lookup.path)
        try readRelations(oids: [], names: needs.relations)
        try readFunctions(needs.functions)
        view.dependencies.formUnion(findings.names(behind: needs))
        let known = KnownCatalog(findings: findings, lookup: lookup)
        let columns = lineage.columns(view.columns.count) { known.columnNames(of: $0) }
        for (index, references) in columns.enumerated() {
            view.columns[index].origins.append(contentsOf: known.origins(of: references) ?? [unknown])
        }
    }

    // MARK: Functions and types

    private mutating func readFunctions(_ names: Set<QualifiedName>) throws {
        let names = names.filter { findings.functions[$0] == nil }
        for name in names { findings.functions[name] = name.schema == "pg_catalog" ? .computed : .absent }
        let asked = names.filter { $0.schema != "pg_catalog" }
        guard !asked.isEmpty else { return }
        let rows = try connection.query(
            """
            SELECT n.nspname, p.proname, pg_catalog.bool_or(l.lanname NOT IN ('internal', 'c'))
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            WHERE (n.nspname, p.proname) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])))
            GROUP BY 1, 2
            """, [Self.array(asked.map(\.schema)), Self.array(asked.map(\.name))])
        for row in rows {
            guard let schema = row[0], let name = row[1] else { continue }
            findings.functions[QualifiedName(schema: schema, name: name)] = row[2] == "f" ? .computed : .opaque
        }
    }

    private mutating func readTypes(_ oids: Set<UInt32>) throws {
        let oids = oids.filter { findings.types[$0] == nil }
        guard !oids.isEmpty else { return }
        for oid in oids { findings.types[oid] = .other }
        let rows = try connection.query(
            """
            WITH RECURSIVE down AS (
                SELECT oid AS asked, oid, typtype, typcategory, typelem, typbasetype, 0 AS level
                FROM pg_catalog.pg_type WHERE oid = ANY ($1::oid[])
                UNION ALL SELECT asked, t.oid, t.typtype, t.typcategory, t.typelem, t.typbasetype, level + 1
                FROM down JOIN pg_catalog.pg_type t ON t.oid = down.typbasetype WHERE down.typbasetype <> 0 AND level < 16)
            SELECT DISTINCT ON (down.asked) down.asked, down.oid, down.typtype, down.typcategory, down.typelem,
                e.typtype, e.typcategory FROM down LEFT JOIN pg_catalog.pg_type e ON e.oid = down.typelem
            ORDER BY down.asked, level DESC
            """, [Self.array(oids.map(String.init))])
        for row in rows {
            guard let asked = row[0].flatMap(UInt32.init), let base = row[1].flatMap(UInt32.init) else { continue }
            let element = row[4].flatMap(UInt32.init) ?? 0
            if let kind = ValueKind(oid: base) {
                findings.types[asked] = kind
            } else if row[3] == "A", element != 0 {
                findings.types[asked] = .array(ValueKind(oid: element) ?? Self.kind(row[5], row[6]))
            } else {
                findings.types[asked] = Self.kind(row[2], row[3])
            }
        }
    }

    /// Enumerations and further types of strings, as citext, are text in both formats.
    private static func kind(_ type: String?, _ category: String?) -> ValueKind {
        type == "e" || category == "S" ? .text : .other
    }

    /// A literal of an array.
    private static func array(_ items: [String]) -> String {
        let quoted = items.map { item in
            "\"" + item.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
        }
        return "{\(quoted.joined(separator: ","))}"
    }
}
