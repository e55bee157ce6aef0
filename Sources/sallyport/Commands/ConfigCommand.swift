import ArgumentParser
import ConfigFile
import GatewayCore
import StrictJSON

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The configuration file: its schema, and whether one is right.",
        subcommands: [PrintConfigSchema.self, CheckConfig.self])
}

struct PrintConfigSchema: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema (draft 2020-12) of the configuration file.",
        discussion: "Editors complete and check by it; every key is described there.")

    func perform() async throws {
        let keys = ConfigurationKeys.all(try AdapterRegistry.all())
        print(JSONText.indented(ConfigDocument.jsonSchema(keys: keys, title: "sallyport.yaml")))
    }
}

struct CheckConfig: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say everything that is wrong with the configuration file.",
        discussion: "Exit status 78 when something is. `sallyport policy check` looks at the policies.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let registry = try AdapterRegistry.all()
        let configuration: GatewayConfiguration
        do throws(ConfigErrors) {
            configuration = try GatewayConfiguration.load(path: options.config, registry: registry)
        } catch {
            guard format.output == .json else { throw CommandFailure(error.description, status: .configuration) }
            print(JSONText.indented(["ok": false, "errors": .array(error.errors.map(Self.json))]))
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        let notes = configuration.notes
        format.print(["ok": true, "errors": [], "notes": .array(notes.map { .string($0) })]) {
            (["\(options.config) is right"] + notes.map { "note: \(Terminal.plain($0))" }).joined(separator: "\n")
        }
    }

    private static func json(_ error: ConfigError) -> JSONValue {
        [
            "file": .string(error.position.file), "line": .number(String(error.position.line)),
            "column": .number(String(error.position.column)), "message": .string(error.message),
        ]
    }
}
