import Foundation
import Testing

@testable import Policy

/// The official Cedar engine, as PyPI's `cedarpy` packages it, run over a batch of cases.
struct CedarOracle {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private let process = Process()
    private let folder: URL
    private let count: Int

    /// Starts it; it works while we do.
    init(_ cases: [String]) throws {
        let script = try #require(Bundle.module.url(forResource: "Fixtures/cedar_oracle", withExtension: "py"))
        folder = FileManager.default.temporaryDirectory.appending(path: "cedar-oracle-\(UUID().uuidString)")
        count = cases.count
        process.executableURL = URL(filePath: try Self.python())
        process.arguments = [script.path]
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let input = folder.appending(path: "cases")
        try Data(cases.map { $0 + "\n" }.joined().utf8).write(to: input)
        for name in ["answers", "problems"] { try Data().write(to: folder.appending(path: name)) }
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "answers"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "problems"))
        try process.run()
    }

    /// One answer line for each case.
    func answers() throws -> [String] {
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: folder) }
        let complaints = try String(contentsOf: folder.appending(path: "problems"), encoding: .utf8)
        guard process.terminationStatus == 0 else { throw Missing(description: "the oracle failed: \(complaints)") }
        let lines = try String(contentsOf: folder.appending(path: "answers"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
        guard lines.count == count else {
            throw Missing(description: "\(lines.count) answers to \(count) cases: \(complaints.prefix(2000))")
        }
        return lines
    }

    private static func python() throws -> String {
        let folder = ProcessInfo.processInfo.environment["SALLYPORT_TEST_VENV"] ?? ".venv-test"
        let path = "\(folder)/bin/python3"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(
                description:
                    "no \(path): make a virtual environment with cedarpy 4.12.2 and name it in SALLYPORT_TEST_VENV")
        }
        return path
    }
}

/// Cedar's JSON formats for entities and contexts, as text.
enum CedarJSON {
    static func value(_ value: Value) -> String {
        func function(_ name: String, _ argument: String) -> String {
            "{\"__extn\":{\"fn\":\"\(name)\",\"arg\":\"\(argument)\"}}"
        }
        return switch value {
        case .bool(let value): value ? "true" : "false"
        case .long(let value): String(value)
        case .string(let value): string(value)
        case .set(let elements): list(elements.map(Self.value))
        case .record(let members): record(members)
        case .entity(let uid): "{\"__entity\":\(self.uid(uid))}"
        case .decimal(let value): function("decimal", value.description)
        case .datetime(let value): function("datetime", value.description)
        case .duration(let value): function("duration", value.description)
        case .ip(let value): function("ip", value.description)
        }
    }

    static func record(_ members: [String: Value]) -> String {
        "{" + members.map { "\(string($0.key)):\(value($0.value))" }.joined(separator: ",") + "}"
    }

    static func list(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    static func uid(_ uid: EntityUID) -> String { "{\"type\":\(string(uid.type)),\"id\":\(string(uid.id))}" }

    static func entity(_ entity: Entity) -> String {
        "{\"uid\":\(uid(entity.uid)),\"attrs\":\(record(entity.attributes)),\"tags\":\(record(entity.tags)),"
            + "\"parents\":\(list(entity.parents.map(uid)))}"
    }

    static func string(_ text: String) -> String {
        if !text.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline || ($0.asciiValue ?? 32) < 32 }) {
            return "\"\(text)\""
        }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 32:
                "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
