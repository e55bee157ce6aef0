import ConfigFile
import Foundation
import StrictJSON
import Testing

/// The printed schema is held against `jsonschema` (PyPI), which is not ours: what the loader takes it must take, and
/// what the loader refuses by form it must refuse.
@Suite struct ConfigSchemaTests {
    @Test("another validator agrees with the loader")
    func agreement() throws {
        let samples = [
            SampleKeys.whole, "name: gate", "workers: 2", "name: a\nlisen: x", "name: a\nworkers: 65",
            "name: a\ntimeout: 30", "name: a\nlimit: 1MB", "name: a\nlimit: 4096", "name: a\nlisten: localhost",
            "name: a\nupstream: ftp://x/", "name: a\nlevel: trace", "name: a\ngroups: payments",
            "name: a\ntls: {key: 'env:K'}", "name: a\ntoken: hunter2", "name: a\ntargets: [{name: x}]",
            "name: a\ntargets: [{kind: http, name: x, url: 'http://h/', host: y}]", "name: a\nverbose: 'x'",
        ]
        let documents = try samples.map { try ConfigDocument.value(text: $0, file: "sample.yaml") }
        let input: JSONValue = [
            "schema": ConfigDocument.jsonSchema(keys: SampleKeys.all, title: "sample"), "documents": .array(documents),
        ]
        let verdicts = try Self.validate(input)
        #expect(verdicts.count == samples.count)
        for (sample, isValid) in zip(samples, verdicts) {
            #expect(isValid == SampleKeys.errors(sample).isEmpty, "\(sample)")
        }
    }

    @Test("the schema tells summaries and defaults")
    func descriptions() {
        let schema = ConfigDocument.jsonSchema(keys: SampleKeys.all, title: "sample")
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["properties"]?["workers"]?["description"] == "How many work.")
        #expect(schema["properties"]?["workers"]?["default"] == 4)
        #expect(schema["properties"]?["timeout"]?["default"] == "30s")
        #expect(schema["required"] == ["name"])
        #expect(schema["additionalProperties"] == false)
    }

    private static func validate(_ input: JSONValue) throws -> [Bool] {
        let python = try Self.python()
        let program = """
            import json, sys
            from jsonschema import Draft202012Validator
            given = json.load(sys.stdin)
            Draft202012Validator.check_schema(given["schema"])
            validator = Draft202012Validator(given["schema"])
            print(json.dumps([validator.is_valid(document) for document in given["documents"]]))
            """
        let child = Process()
        child.executableURL = URL(fileURLWithPath: python)
        child.arguments = ["-c", program]
        let (request, output) = (Pipe(), Pipe())
        child.standardInput = request
        child.standardOutput = output
        try child.run()
        try request.fileHandleForWriting.write(contentsOf: Data(input.canonicalBytes))
        try request.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        try #require(child.terminationStatus == 0)
        return try JSONValue(parsing: Array(bytes)).array?.compactMap(\.bool) ?? []
    }

    private static func python() throws -> String {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder =
            ProcessInfo.processInfo.environment["SALLYPORT_TEST_VENV"] ?? root.appendingPathComponent(".venv-test").path
        let path = "\(folder)/bin/python3"
        try #require(
            FileManager.default.isExecutableFile(atPath: path),
            "there is no \(path); `scripts/test-venv.sh` makes it, `make test` runs that")
        return path
    }
}
