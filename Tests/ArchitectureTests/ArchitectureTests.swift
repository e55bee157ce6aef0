import Foundation
import Testing

@Suite struct ArchitectureTests {
    @Test("this package's modules import downward only, and adapters know nobody but the core")
    func thisPackage() throws {
        let layout = try PackageLayout.ofThisPackage()
        var imports: [String: [ImportStatements.Statement]] = [:]
        for module in layout.modules {
            imports[module.name] = ImportStatements.read(in: module.path, root: PackageLayout.root)
        }
        let violations = LayoutRules.violations(of: layout, imports: imports)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")

        // What was looked at was really there.
        let plugins = PackageLayout.root.appendingPathComponent("Plugins").path
        let folders = ((try? FileManager.default.contentsOfDirectory(atPath: plugins)) ?? [])
            .filter { !$0.hasPrefix(".") }
        #expect(layout.modules.filter(\.isAdapter).map(\.name).sorted() == folders.sorted())
        #expect(layout.reach(of: LayoutRules.core).contains("Policy"))
        for module in layout.modules where module.kind == "regular" && !module.dependencies.isEmpty {
            #expect(imports[module.name]?.isEmpty == false, "no imports were read for \(module.name)")
        }
    }

    @Test("a layout that keeps the rules passes")
    func soundLayout() {
        #expect(LayoutRules.violations(of: Doctored.sound, imports: Doctored.imports).isEmpty)
    }

    @Test("a layout that breaks a rule is told what is wrong", arguments: Doctored.cases)
    func doctoredLayout(change: Doctored) {
        var layout = Doctored.sound
        var imports = Doctored.imports
        for (name, dependency) in change.dependencies {
            guard let index = layout.modules.firstIndex(where: { $0.name == name }) else { continue }
            layout.modules[index].dependencies.insert(dependency)
        }
        for (module, file, imported) in change.imports {
            imports[module, default: []].append(.init(file: file, module: imported))
        }
        #expect(LayoutRules.violations(of: layout, imports: imports).contains(change.expected))
    }

    @Test(
        "import statements are found in every form",
        arguments: [
            ("import Policy", ["Policy"]), ("  import Policy // why", ["Policy"]),
            ("@testable import Policy", ["Policy"]), ("@_spi(Testing) public import Policy", ["Policy"]),
            ("@preconcurrency\timport Policy", ["Policy"]), ("import struct Policy.Entity", ["Policy"]),
            ("import Policy; import Audit", ["Policy", "Audit"]), ("import Policy.Syntax", ["Policy"]),
            ("private import Policy\r\nimport Audit", ["Policy", "Audit"]), ("// import Policy", []),
            ("let text = \"import Policy\"", []), ("important()", []), ("func import_(x: Int) {}", []),
        ])
    func statements(source: String, expected: [String]) {
        #expect(ImportStatements.modules(in: source) == expected)
    }
}

/// A small layout, and one change that must be found.
struct Doctored: Sendable, CustomTestStringConvertible {
    let expected: String
    var dependencies: [(String, String)] = []
    var imports: [(String, String, String)] = []

    var testDescription: String { expected }

    static let sound = PackageLayout(modules: [
        .init(name: "Words", kind: "regular", path: "Sources/Words", dependencies: []),
        .init(name: "Policy", kind: "regular", path: "Sources/Policy", dependencies: ["Words", "Crypto"]),
        .init(name: "GatewayCore", kind: "regular", path: "Sources/GatewayCore", dependencies: ["Policy", "NIOCore"]),
        .init(name: "Console", kind: "regular", path: "Sources/Console", dependencies: ["GatewayCore", "Hummingbird"]),
        .init(
            name: "AdapterTestKit", kind: "regular", path: "Sources/AdapterTestKit", dependencies: ["GatewayCore"]),
        .init(name: "Alpha", kind: "regular", path: "Plugins/Alpha", dependencies: ["GatewayCore", "NIOPosix"]),
        .init(name: "Beta", kind: "regular", path: "Plugins/Beta", dependencies: ["GatewayCore", "NIOPosix"]),
        .init(name: "AlphaTests", kind: "test", path: "Tests/AlphaTests", dependencies: ["Alpha", "GatewayCore"]),
        .init(name: "ConsoleTests", kind: "test", path: "Tests/ConsoleTests", dependencies: ["Console"]),
        .init(
            name: "sallyport", kind: "executable", path: "Sources/sallyport",
            dependencies: ["GatewayCore", "Console", "Alpha", "Beta", "NIOPosix"]),
    ])

    static let imports: [String: [ImportStatements.Statement]] = [
        "Policy": [.init(file: "Sources/Policy/Set.swift", module: "Words")],
        "Alpha": [.init(file: "Plugins/Alpha/Alpha.swift", module: "NIOPosix")],
        "AlphaTests": [.init(file: "Tests/AlphaTests/AlphaTests.swift", module: "Alpha")],
        "sallyport": [.init(file: "Sources/sallyport/Adapters.swift", module: "Alpha")],
    ]

    static let cases = [
        Doctored(expected: "Words depends on itself, in a circle", dependencies: [("Words", "GatewayCore")]),
        Doctored(
            expected: "Policy depends on itself, in a circle",
            dependencies: [("Policy", "Console"), ("Console", "Policy")]),
        Doctored(expected: "the adapter Alpha depends on the adapter Beta", dependencies: [("Alpha", "Beta")]),
        Doctored(expected: "Console depends on the adapter Alpha", dependencies: [("Console", "Alpha")]),
        Doctored(expected: "GatewayCore depends on the adapter Beta", dependencies: [("GatewayCore", "Beta")]),
        Doctored(expected: "ConsoleTests depends on the adapter Alpha", dependencies: [("ConsoleTests", "Alpha")]),
        Doctored(expected: "AlphaTests depends on the adapter Beta", dependencies: [("AlphaTests", "Beta")]),
        Doctored(
            expected: "Policy is GatewayCore or below it and depends on NIOPosix",
            dependencies: [("Policy", "NIOPosix")]),
        Doctored(
            expected: "GatewayCore is GatewayCore or below it and depends on Hummingbird",
            dependencies: [("GatewayCore", "Hummingbird")]),
        Doctored(
            expected: "Alpha is no test and depends on AdapterTestKit", dependencies: [("Alpha", "AdapterTestKit")]),
        Doctored(
            expected: "AdapterTestKit is for every protocol and depends on NIOHTTP1",
            dependencies: [("AdapterTestKit", "NIOHTTP1")]),
        Doctored(
            expected: "Sources/Words/A.swift imports GatewayCore, which Words does not depend on",
            imports: [("Words", "Sources/Words/A.swift", "GatewayCore")]),
        Doctored(
            expected: "Sources/Console/A.swift imports Policy, which Console does not depend on",
            imports: [("Console", "Sources/Console/A.swift", "Policy")]),
        Doctored(
            expected: "Tests/ConsoleTests/A.swift imports AlphaTests, which ConsoleTests does not depend on",
            imports: [("ConsoleTests", "Tests/ConsoleTests/A.swift", "AlphaTests")]),
        Doctored(
            expected: "Plugins/Beta/B.swift imports the adapter Alpha",
            imports: [("Beta", "Plugins/Beta/B.swift", "Alpha")]),
        Doctored(
            expected:
                "Sources/sallyport/Serve.swift imports the adapter Beta; only Sources/sallyport/Adapters.swift does",
            imports: [("sallyport", "Sources/sallyport/Serve.swift", "Beta")]),
        Doctored(
            expected: "Sources/GatewayCore/S.swift imports NIOPosix, but is GatewayCore or below it",
            imports: [("GatewayCore", "Sources/GatewayCore/S.swift", "NIOPosix")]),
    ]
}
