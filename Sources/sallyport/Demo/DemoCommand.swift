import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

struct Demo: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the main job on this machine: a call masked, one refused, one approved, the log verified.",
        discussion: """
            Starts a gateway, the embedded issuer and a small function service on loopback, walks through with the \
            commands that anybody would type, and prints their real output. On a terminal everything then keeps running \
            until Ctrl-C, to try oneself.
            """)

    @Option(help: "The folder for its configuration and state; emptied at each start.")
    var folder = "demo-state"

    @Flag(inversion: .prefixedNo, help: "Keep running afterwards; so it is on a terminal.")
    var stay: Bool?

    func perform() async throws {
        let path = URL(fileURLWithPath: folder).path
        try Self.prepare(path)
        let stage = try DemoStage(folder: path)
        defer { stage.stop() }
        try await stage.start()
        let walk = DemoWalk(stage: stage)
        do {
            try await walk.run()
        } catch let failure as DemoFailure {
            throw CommandFailure("\(failure); the servers' messages are in \(path)/*.log", status: .negative)
        }
        guard stay ?? (isatty(STDIN_FILENO) == 1) else { return }
        print("\nEverything keeps running until Ctrl-C.")
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { break }
    }

    /// Only a folder that an earlier demo made is emptied.
    private static func prepare(_ path: String) throws {
        let marker = "\(path)/.sallyport-demo"
        if FileManager.default.fileExists(atPath: path) {
            let isEmpty = try FileManager.default.contentsOfDirectory(atPath: path).isEmpty
            guard isEmpty || FileManager.default.fileExists(atPath: marker) else {
                throw CommandFailure("\(path) is not a demo's folder; name another one with --folder", status: .usage)
            }
            try FileManager.default.removeItem(atPath: path)
        }
        try FileManager.default.createDirectory(
            atPath: "\(path)/policy", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data().write(to: URL(fileURLWithPath: marker))
    }
}

/// The function service of the demo by itself; `sallyport demo` starts it.
struct DemoFunctionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-functions", shouldDisplay: false)

    @Option var port: Int

    func run() async throws {
        let logger = Logger.gateway(.notice)
        try await ServiceGroup(
            configuration: .init(
                services: [.init(service: DemoFunctions(port: port, logger: logger))],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
    }
}

/// Why the demo did not go as it should.
struct DemoFailure: Error, CustomStringConvertible {
    let description: String
}
