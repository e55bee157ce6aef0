/// The directions of imports: what DESIGN calls "a module may import only those below it, and no adapter knows another".
enum LayoutRules {
    /// The only target, and in it the only file, that names adapters.
    static let compositionRoot = "sallyport"
    static let adapterList = "Sources/sallyport/Adapters.swift"
    /// What decides and records knows neither sockets nor protocols: all that is `GatewayCore` or below it.
    static let core = "GatewayCore"
    /// Made for tests: what runs in production neither needs it nor carries it along, and it knows no protocol.
    static let testKit = "AdapterTestKit"
    static let networkModules: Set<String> = [
        "NIOPosix", "NIOHTTP1", "NIOHTTP2", "NIOSSL", "NIOTransportServices", "Hummingbird", "HummingbirdCore",
        "HummingbirdTLS",
    ]

    /// Everything that breaks a rule, a sentence each.
    static func violations(of layout: PackageLayout, imports: [String: [ImportStatements.Statement]]) -> [String] {
        layout.modules.flatMap { module in
            circle(module, layout) + adapters(module, layout) + core(module, layout) + kit(module)
                + sources(module, layout, imports[module.name] ?? [])
        }
    }

    private static func circle(_ module: PackageLayout.Module, _ layout: PackageLayout) -> [String] {
        layout.reach(of: module.name).contains(module.name) ? ["\(module.name) depends on itself, in a circle"] : []
    }

    private static func adapters(_ module: PackageLayout.Module, _ layout: PackageLayout) -> [String] {
        module.dependencies.sorted().compactMap { name in
            guard let other = layout.module(name), other.isAdapter, !mayKnow(module, adapter: name) else { return nil }
            return module.isAdapter
                ? "the adapter \(module.name) depends on the adapter \(name)"
                : "\(module.name) depends on the adapter \(name)"
        }
    }

    private static func mayKnow(_ module: PackageLayout.Module, adapter: String) -> Bool {
        module.name == compositionRoot || (module.isTest && module.name == "\(adapter)Tests")
    }

    private static func core(_ module: PackageLayout.Module, _ layout: PackageLayout) -> [String] {
        guard isCore(module, layout) else { return [] }
        return module.dependencies.intersection(networkModules).sorted().map {
            "\(module.name) is \(core) or below it and depends on \($0)"
        }
    }

    private static func kit(_ module: PackageLayout.Module) -> [String] {
        if module.name == testKit {
            return module.dependencies.intersection(networkModules).sorted().map {
                "\(testKit) is for every protocol and depends on \($0)"
            }
        }
        guard !module.isTest, module.dependencies.contains(testKit) else { return [] }
        return ["\(module.name) is no test and depends on \(testKit)"]
    }

    private static func isCore(_ module: PackageLayout.Module, _ layout: PackageLayout) -> Bool {
        module.name == core || layout.reach(of: core).contains(module.name)
    }

    private static func sources(
        _ module: PackageLayout.Module, _ layout: PackageLayout, _ statements: [ImportStatements.Statement]
    ) -> [String] {
        let isCore = isCore(module, layout)
        // A test may speak of whatever stands below what it tests; a module names all that it uses.
        let known = module.isTest ? layout.reach(of: module.name) : module.dependencies
        return statements.flatMap { statement -> [String] in
            var found: [String] = []
            let imported = layout.module(statement.module)
            if imported != nil, statement.module != module.name, !known.contains(statement.module) {
                found.append("\(statement.file) imports \(statement.module), which \(module.name) does not depend on")
            }
            if let imported, imported.isAdapter, imported.name != module.name {
                if !mayKnow(module, adapter: imported.name) {
                    found.append("\(statement.file) imports the adapter \(imported.name)")
                } else if module.name == compositionRoot, statement.file != adapterList {
                    found.append("\(statement.file) imports the adapter \(imported.name); only \(adapterList) does")
                }
            }
            if isCore, networkModules.contains(statement.module) {
                found.append("\(statement.file) imports \(statement.module), but is \(core) or below it")
            }
            return found
        }
    }
}
