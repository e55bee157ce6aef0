import ArgumentParser
import GatewayCore
import Policy

/// Which policies a command looks at, with all the names that they may use.
struct PolicyFilesOptions: ParsableArguments {
    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: .customLong("policies"), parsing: .upToNextOption,
        help: "Cedar files to look at instead of those of the configuration.")
    var files: [String] = []

    func load() throws -> LoadedPolicies {
        let registry = try AdapterRegistry.all()
        let configuration = try options.load(registry)
        return try LoadedPolicies(configuration, registry: registry, files: files.isEmpty ? nil : files)
    }
}

/// Policies as a gateway with this configuration would load them.
struct LoadedPolicies {
    let configuration: GatewayConfiguration
    let set: PolicySet
    let vocabulary: PolicyVocabulary

    /// - Parameter files: Instead of the configuration's, from the working folder.
    /// - Throws: `RuleError` or `CommandFailure` with every finding.
    init(_ configuration: GatewayConfiguration, registry: AdapterRegistry, files: [String]? = nil) throws {
        self.configuration = configuration
        let sources =
            if let files {
                try RuleLoader.sources(files.map { $0.hasPrefix("/") ? $0 : "./\($0)" }, in: ".")
            } else {
                try RuleLoader.sources(configuration.policy.patterns, in: configuration.baseDirectory)
            }
        do {
            set = try PolicySet.load(
                sources, entities: Vocabulary.entities(targets: configuration.targets, registry: registry))
        } catch {
            throw CommandFailure(error.description, status: .configuration)
        }
        vocabulary = Vocabulary.names(configuration, registry)
    }
}
