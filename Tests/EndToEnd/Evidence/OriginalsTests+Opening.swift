import Foundation
import Testing

// How originals are opened: by our command, and by a program that has nothing of ours.

extension OriginalsTests {
    struct Opened: Equatable {
        var row: Int
        var place: String
        var value: String
    }

    static func parse(_ lines: String) -> [Opened] {
        lines.split(separator: "\n").compactMap { line in
            let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let value, let row = value["row"] as? Int, let place = value["place"] as? String else { return nil }
            return Opened(
                row: row, place: place, value: value["value"] as? String ?? "base64:\(value["base64"] ?? "")")
        }
    }

    static func files(_ gateway: TestGateway) throws -> [URL] {
        let folder = gateway.stateFolder.appendingPathComponent("originals")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(".sealed") }.sorted().map { folder.appendingPathComponent($0) }
    }

    /// What a program with nothing of ours opens of all files.
    static func foreign(_ gateway: TestGateway) async throws -> [Opened] {
        var opened: [Opened] = []
        for file in try files(gateway) {
            let finished = try await RunningProcess.run(
                try Tools.python(),
                [
                    Tools.packageRoot.appendingPathComponent("Auditing/open_originals.py").path, file.path,
                    gateway.folder.appendingPathComponent("auditor.key").path,
                ])
            guard finished.status == 0 else { throw TestFailure("open_originals.py: \(finished.errors)") }
            opened += parse(finished.output)
        }
        return opened
    }

    /// The entries of commands that something was sealed of: command and session.
    static func sealed(_ gateway: TestGateway) async throws -> [(command: String, session: String)] {
        try await gateway.auditEntries().filter { $0["kind"] as? String == "outcome" && $0["originals"] != nil }.map {
            ($0["command"] as? String ?? "", $0["session"] as? String ?? "")
        }
    }

    static func open(
        _ command: String, _ gateway: TestGateway, _ more: [String] = [], token: String? = nil
    ) async throws -> RunningProcess.Finished {
        var environment = ["SALLYPORT_HOME": gateway.folder.path]
        if let token { environment["SALLYPORT_TOKEN"] = token }
        return try await RunningProcess.run(
            try Tools.sallyport,
            ["audit", "open", command, "--key", "auditor.key", "--reason", "case 4711", "--output", "json"] + more,
            in: gateway.folder, environment: environment)
    }

    /// Our command prints nothing with a key that the originals are not sealed to, and says of which they are.
    static func expectNothingOpens(
        with key: String, _ command: String, of session: String, _ gateway: TestGateway, _ more: [String] = [],
        token: String? = nil
    ) async throws {
        var environment = ["SALLYPORT_HOME": gateway.folder.path]
        if let token { environment["SALLYPORT_TOKEN"] = token }
        let futile = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "open", command, "--key", key, "--reason", "case 4711"] + more,
            in: gateway.folder, environment: environment)
        #expect(futile.status == 1 && futile.output.isEmpty, "\(futile)")
        #expect(
            futile.errors.contains("the originals of command \(command) of session \(session) are sealed to the key"),
            "\(futile)")
    }

    /// Opens all that was sealed with our command, checks every session, and compares with the foreign program.
    static func openAll(_ gateway: TestGateway) async throws -> [Opened] {
        let commands = try await sealed(gateway)
        var ours: [Opened] = []
        for (command, _) in commands {
            let finished = try await open(command, gateway)
            #expect(finished.status == 0, "\(finished.errors)")
            ours += parse(finished.output)
        }
        for session in Set(commands.map(\.session)) {
            let checked = try await gateway.command("audit", "check-masking", session)
            #expect(checked.status == 0, "\(checked)")
            #expect(!ours.contains { $0.value.count > 8 && checked.output.contains($0.value) })
        }
        let foreign = try await foreign(gateway)
        #expect(sorted(ours) == sorted(foreign))
        return ours
    }

    static func sorted(_ opened: [Opened]) -> [Opened] {
        opened.sorted { ($0.place, $0.row, $0.value) < ($1.place, $1.row, $1.value) }
    }
}
