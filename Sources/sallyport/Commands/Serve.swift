import ArgumentParser
import Foundation
import GatewayCore
import Logging

struct Serve: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway.",
        discussion: """
            Serves until SIGTERM or SIGINT, then takes no new connections and lets what runs end. SIGHUP loads the \
            policies again.
            """)

    @OptionGroup var options: ConfigurationOptions

    func perform() async throws {
        let registry = try AdapterRegistry.all()
        let configuration = try options.load(registry)
        let logger = Logger.gateway(configuration.logLevel)
        let gateway: Gateway
        do {
            gateway = try Gateway(configuration, registry: registry, logger: logger)
        } catch {
            // Every part says in a sentence what is wrong with what it was given.
            throw CommandFailure("\(error)", status: .configuration)
        }
        for note in configuration.notes { logger.warning("\(note)") }
        raiseFileLimit(logger)
        try await gateway.run()
    }

    /// Every session takes two files, and shells allow a thousand where the system would allow many more.
    private func raiseFileLimit(_ logger: Logger) {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(files, &limit) != 0 { logger.warning("the limit of open files stays: errno \(errno)") }
    }
}

/// Where the configuration is.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file.")
    var config = "sallyport.yaml"

    /// - Throws: `CommandFailure` with all findings.
    func load(_ registry: AdapterRegistry) throws -> GatewayConfiguration {
        do {
            return try GatewayConfiguration.load(path: config, registry: registry)
        } catch {
            throw CommandFailure(error.description, status: .configuration)
        }
    }
}

extension Logger {
    /// The gateway's own messages, on standard error.
    static func gateway(_ level: Logger.Level) -> Logger {
        var logger = Logger(label: "sallyport") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
