import ArgumentParser
import ConfigFile
import Foundation

struct SSHConfigCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh-config", abstract: "Tell OpenSSH how to reach targets through the gateway.",
        discussion: """
            sallyport login --ssh
            sallyport ssh-config web-1 --host gate.example --port 2222 >> ~/.ssh/config
            ssh web-1 uptime

            Prints a block of ssh_config(5) for each target, with the key that `sallyport login --ssh` registers. Where \
            the gateway's configuration file is at hand, it says where the gateway listens, and without a TARGET all \
            its SSH targets are taken.
            """)

    @Argument(help: "The targets.")
    var targets: [String] = []

    @Option(help: "The name or address of the gateway.")
    var host: String?

    @Option(help: "The port on which it speaks SSH.")
    var port: Int?

    @Option(help: "Whom to be on the host, where the target leaves that to its callers.")
    var login: String?

    @Option(help: "The key that was registered with `sallyport login --ssh-key`.")
    var key: String?

    @Option(name: .shortAndLong, help: "The configuration file, where there is one.")
    var config = "sallyport.yaml"

    /// The `kind` of the adapter.
    private static let kind = "ssh"

    func perform() async throws {
        let configuration =
            FileManager.default.fileExists(atPath: config)
            ? try GatewayConfiguration.load(path: config, registry: .all()) : nil
        let address = configuration?.listeners.first { $0.kind == Self.kind }?.section.addresses.first?.address
        guard let host = host ?? address.map({ Self.reachable($0, configuration) }), let port = port ?? address?.port
        else {
            throw CommandFailure(
                configuration == nil
                    ? "name the gateway with --host and --port"
                    : "no listener in \(config) speaks SSH; name the gateway with --host and --port", status: .usage)
        }
        let known = configuration?.targets.filter { $0.kind == Self.kind }.map(\.name) ?? []
        let chosen = targets.isEmpty ? known : targets
        guard !chosen.isEmpty else { throw CommandFailure("name the targets", status: .usage) }
        let own = try key.map { try SSHKeyFile(path: $0) }
        let blocks = try chosen.map { target in
            try SSHClientSettings(
                target: target, login: login, host: host, port: port, folder: .standard, identityFile: own?.path
            ).text
        }
        print(blocks.joined(separator: "\n"), terminator: "")
    }

    /// A listener on all addresses names none; there the gateway has the name by which people find its console.
    private static func reachable(_ address: ConfigAddress, _ configuration: GatewayConfiguration?) -> String {
        guard ["0.0.0.0", "::"].contains(address.host) else { return address.host }
        return configuration.flatMap { URL(string: $0.console.url)?.host } ?? address.host
    }
}
