import Foundation
import Identifiers
import Testing

@testable import Console

@Suite("APIDescription")
struct APIDescriptionTests {
    private func description() throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(APIDescription.text.utf8)) as? [String: Any])
    }

    @Test("every route for programs is described, and nothing else is")
    func everyRoute() throws {
        let routes = Console.routes(
            ConsoleOptions(port: 0), backend: try FakeBackend(), url: "http://127.0.0.1:1", port: 1, now: { .now })
        let served = routes.filter { $0.audience == .program }.map {
            "\($0.method.rawValue) \($0.template.replacingOccurrences(of: "...}", with: "}"))"
        }
        let paths = try #require(try description()["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, item in
            item.keys.filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
        }
        #expect(served.sorted() == described.sorted())
        #expect(Set(served).count == served.count)
    }

    @Test("every reference leads somewhere, and every path parameter is described")
    func references() throws {
        let root = try description()
        func check(_ value: Any) throws {
            if let list = value as? [Any] { for item in list { try check(item) } }
            guard let object = value as? [String: Any] else { return }
            if let reference = object["$ref"] as? String {
                var place: Any? = root
                for name in reference.dropFirst(2).split(separator: "/") {
                    place = (place as? [String: Any])?[String(name)]
                }
                #expect(place != nil, "\(reference)")
            }
            for item in object.values { try check(item) }
        }
        try check(root)
        for (path, item) in try #require(root["paths"] as? [String: [String: Any]]) {
            let names = path.split(separator: "/").filter { $0.hasPrefix("{") }
            #expect(names.count == ((item["parameters"] as? [Any])?.count ?? 0), "\(path)")
        }
    }

    @Test("answers have the members that are described as required")
    func requiredMembers() async throws {
        let schemas = try #require(
            (try description()["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]])
        func required(_ name: String) throws -> Set<String> {
            Set(try #require(schemas[name]?["required"] as? [String]))
        }
        try await RunningConsole.run { console in
            let ticket = try await console.backend.ask()
            console.backend.change { state in
                state.sessions = [.sample(0)]
                state.entries = ["{}"]
            }
            let approval = try await console.get("/api/v1/approvals/\(ticket.id)", as: "bob").json
            #expect(try Set(approval.keys) == required("Approval"))
            let sessions = try await console.get("/api/v1/sessions", as: "carol").json["sessions"] as? [[String: Any]]
            #expect(try Set(sessions?.first?.keys.map { $0 } ?? []) == required("Session"))
            let entry = try await console.get("/api/v1/audit/entries/0", as: "carol").json
            #expect(try Set(entry.keys) == required("Entry"))
            let problem = try await console.get("/nowhere").json
            #expect(try Set(problem.keys) == required("Problem"))
            let served = try await console.get("/api/v1/openapi.json")
            #expect(served.status == 200 && served.body == APIDescription.text)
        }
    }
}
