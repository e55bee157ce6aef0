import Foundation

/// A witness in a process of its own, as another team runs it.
final class RunningWitness: Sendable {
    let url: String
    let key: String
    let process: RunningProcess
    private let port: Int

    /// - Parameters:
    ///   - name: Also that of its folder in `folder`, where one that ran before left its key and what it saw.
    ///   - log: A file with the log's public key.
    ///   - port: Where that one listened.
    init(_ name: String = "w1", log: String, in folder: URL, port: Int? = nil) async throws {
        let port = try port ?? Tools.freePort()
        self.port = port
        url = "http://127.0.0.1:\(port)"
        let directory = "\(folder.path)/witness-\(name)"
        process = try RunningProcess(
            try Tools.sallyport,
            [
                "witness", "--name", "witness.example/\(name)", "--log", log, "--listen", "127.0.0.1:\(port)",
                "--directory", directory,
            ])
        try await Tools.waitForPort(port, of: process)
        key = try String(contentsOfFile: "\(directory)/witness.vkey", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    /// What it answers monitors about a log.
    func monitored(_ log: String = TestGateway.originDigest) async throws -> CurlAnswer {
        try await Curl().get("\(url)/\(log)/checkpoint")
    }

    /// Ends it; the next one of the same name is told where it listened.
    func end() async throws -> Int {
        try await process.stop()
        return port
    }
}

/// `aics-witness` from PyPI: a witness that is not ours.
final class ForeignWitness: Sendable {
    let url: String
    let key: String
    let process: RunningProcess

    /// - Parameter log: A file with the log's public key.
    init(log: String, in folder: URL) async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        let own = folder.appendingPathComponent("aics-witness")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        let (program, configuration) = (try Tools.python("aics-witness"), own.path + "/witness.json")
        let log = try String(contentsOfFile: log, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        var printed: [String] = []
        for arguments in [
            ["init", "--name", "aics.example/w1", "--listen", "127.0.0.1:\(port)"],
            ["add-log", "--origin", TestGateway.origin, "--vkey", log],
        ] {
            let finished = try await RunningProcess.run(program, arguments + ["--config", configuration])
            guard finished.status == 0 else { throw TestFailure("aics-witness: \(finished)") }
            printed.append(finished.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        key = printed[0]
        process = try RunningProcess(program, ["serve", "--log-level", "DEBUG", "--config", configuration])
        try await Tools.waitForPort(port, of: process)
    }
}

extension TestGateway {
    static let origin = "test.sallyport.example/log"
    /// SHA-256 of the origin: how monitors of witnesses name the log.
    static let originDigest = "4961c5b98b1ae23d7d12e6aa85336e31372e49913e1521e05aeebe819679d747"

    /// Changes the configuration, for the next start.
    func configure(_ old: String, _ new: String) throws {
        let file = folder.appendingPathComponent("sallyport.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        guard text.contains(old) else { throw TestFailure("the configuration does not hold \(old)") }
        try text.replacing(old, with: new).write(to: file, atomically: true, encoding: .utf8)
    }

    /// Has witnesses shown each new checkpoint, from the next start on.
    func configureWitnesses(_ witnesses: [(url: String, key: String)], quorum: Int) throws {
        let list = witnesses.map { "{url: \"\($0.url)\", key: \"\($0.key)\"}" }.joined(separator: ", ")
        let origin = "origin: \(Self.origin)"
        let text = try String(contentsOf: folder.appendingPathComponent("sallyport.yaml"), encoding: .utf8)
        let separator = text.contains("audit: {\(origin)") ? ", " : "\n  "
        try configure(origin, "\(origin)\(separator)witnesses: [\(list)]\(separator)quorum: \(quorum)")
    }

    /// The checkpoint that strangers are shown.
    func shownCheckpoint() async throws -> CurlAnswer {
        try await Curl(token: try await issuer.token(for: "carol")).get("\(consoleURL)/tlog/checkpoint")
    }
}
