import Foundation
import Testing

/// The package's own targets and what each may import, as SwiftPM evaluates the manifest.
struct PackageLayout {
    struct Module: Equatable {
        var name: String
        /// `regular`, `executable`, `test` or `system`.
        var kind: String
        /// Below the package's folder.
        var path: String
        /// Targets and products.
        var dependencies: Set<String>

        var isTest: Bool { kind == "test" }
        var isAdapter: Bool { path.hasPrefix("Plugins/") && !isTest }
    }

    var modules: [Module]

    func module(_ name: String) -> Module? { modules.first { $0.name == name } }

    /// Everything that `name` can reach, by way of others too, itself not among them unless in a circle.
    func reach(of name: String) -> Set<String> {
        var found: Set<String> = []
        var next = Array(module(name)?.dependencies ?? [])
        while let one = next.popLast() {
            if found.insert(one).inserted { next += module(one)?.dependencies ?? [] }
        }
        return found
    }
}

extension PackageLayout {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Asks SwiftPM. Only the manifest is evaluated, in a scratch folder of its own: the one of the package is locked
    /// while `swift test` runs.
    static func ofThisPackage() throws -> PackageLayout {
        let scratch = root.appendingPathComponent(".build-architecture")
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        child.arguments = [
            "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path, "--disable-sandbox",
            "dump-package",
        ]
        let output = Pipe()
        child.standardInput = FileHandle.nullDevice
        child.standardOutput = output
        try child.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        try #require(child.terminationStatus == 0, "`swift package dump-package` failed")
        return try PackageLayout(dump: data)
    }

    /// Reads what `swift package dump-package` prints.
    init(dump: Data) throws {
        struct Dump: Decodable {
            struct Target: Decodable {
                let name: String
                let type: String
                let path: String?
                let dependencies: [[String: [Part?]]]
            }
            /// A dependency is `{"byName": ["Policy", null]}` or `{"product": ["Crypto", "swift-crypto", null, null]}`;
            /// after the name, platform conditions may be objects.
            struct Part: Decodable {
                let text: String?
                init(from decoder: any Decoder) throws {
                    text = try? decoder.singleValueContainer().decode(String.self)
                }
            }
            let targets: [Target]
        }
        modules = try JSONDecoder().decode(Dump.self, from: dump).targets.map { target in
            let folder = target.type == "test" ? "Tests" : "Sources"
            return Module(
                name: target.name, kind: target.type, path: target.path ?? "\(folder)/\(target.name)",
                dependencies: Set(target.dependencies.flatMap(\.values).compactMap { $0.first??.text }))
        }
    }
}
