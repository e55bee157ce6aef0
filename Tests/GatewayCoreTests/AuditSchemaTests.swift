import AdapterTestKit
import Foundation
import GatewayCore
import StrictJSON
import Testing

@Suite("The schema of the audit log")
struct AuditSchemaTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The kinds of the entries that a source file makes.
    private static func kinds(in source: String) -> [String] {
        let own = source.contains("kind: Self.kind") ? source.matches(of: #/static let kind = "([a-z-]+)"/#) : []
        let made = source.matches(of: #/kind: "([a-z-]+)",\s+(?:at|time|id|into|code)\b/#)
        // What retention writes is made where the log is known.
        let ofRetention = source.matches(of: #/static let [a-z]+ = "(retention-[a-z]+)"/#)
        return (own + made + ofRetention).map { String($0.output.1) }
    }

    @Test("every kind of entry that the sources write stands in it, and no other")
    func kinds() throws {
        var written: Set<String> = []
        for folder in ["Sources", "Plugins"] {
            let place = Self.root.appendingPathComponent(folder)
            let files = try FileManager.default.subpathsOfDirectory(atPath: place.path)
            for file in files where file.hasSuffix(".swift") && !file.hasPrefix("AdapterTestKit/") {
                written.formUnion(
                    Self.kinds(in: try String(contentsOf: place.appendingPathComponent(file), encoding: .utf8)))
            }
        }
        #expect(written == Set(AuditSchema.kindNames))
        #expect(Set(AuditSchema.kindNames).count == AuditSchema.kindNames.count)
    }

    @Test("a maker of entries is seen by the kind that it writes")
    func seen() {
        #expect(Self.kinds(in: #"return Self(kind: "brand-new", at: time, members)"#) == ["brand-new"])
        #expect(Self.kinds(in: "bytes(\n    kind: \"brand-new\",\n    time: time, [])") == ["brand-new"])
    }

    @Test("every reference leads to a definition, and every definition is used")
    func references() throws {
        let definitions = try #require(AuditSchema.document["$defs"]?.object)
        let used = Self.all(in: AuditSchema.document).compactMap { $0["$ref"]?.string }
        #expect(Set(used) == Set(definitions.map { "#/$defs/\($0.name)" }))
        #expect(Set(definitions.map(\.name)).count == definitions.count)
    }

    @Test("every kind, every shared value and every member is described")
    func descriptions() throws {
        let definitions = try #require(AuditSchema.document["$defs"]?.object)
        for definition in definitions {
            #expect(definition.value["description"]?.string?.isEmpty == false, "\(definition.name)")
        }
        let objects = Self.all(in: AuditSchema.document).filter { $0["additionalProperties"] == .bool(false) }
        #expect(objects.count > AuditSchema.kindNames.count)
        for object in objects {
            let members = try #require(object["properties"]?.object)
            for member in members {
                #expect(member.value["description"]?.string?.isEmpty == false, "\(member.name)")
            }
            let required = Set(object["required"]?.array?.compactMap(\.string) ?? [])
            #expect(required.isSubset(of: members.map(\.name)))
        }
    }

    @Test("it is of the version that entries say, and the same each time")
    func version() {
        #expect(AuditSchema.document["$id"] == .string("urn:sallyport:audit-entry:v\(AuditSchema.version)"))
        #expect(AuditSchema.document == AuditSchema.document)
    }

    /// `value`, and all values below it.
    private static func all(in value: JSONValue) -> [JSONValue] {
        let below = value.array ?? value.object?.map(\.value) ?? []
        return [value] + below.flatMap { all(in: $0) }
    }
}
