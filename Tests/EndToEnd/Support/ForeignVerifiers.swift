import Foundation

/// Who looks at a log: the gateway's own verifier, the script for auditors, the code of the Go checksum database, and
/// two packages of PyPI.
struct ForeignVerifiers: Sendable {
    let key: String
    private let go: String

    /// - Parameter key: A file with the log's public key.
    init(key: String, folder: URL) async throws {
        self.key = key
        go = folder.appendingPathComponent("tlog-check").path
        let built = try await RunningProcess.run(
            try Tools.system("go"), ["build", "-o", go, Tools.fixture("tlog_check/main.go")],
            environment: [
                "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": folder.path + "/go-cache",
                "HOME": folder.path,
            ])
        guard built.status == 0 else { throw TestFailure("go build: \(built.errors)") }
    }

    static let script = Tools.packageRoot.appendingPathComponent("Auditing/verify_log.py").path

    func ours(_ folder: URL, _ more: String...) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(
            try Tools.sallyport, ["audit", "verify", "--directory", folder.path, "--key", key] + more)
    }

    /// - Parameter what: `log`, `proof` or `consistency`.
    func python(_ what: String, _ path: String, _ more: String...) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(try Tools.python(), [Self.script, what, path, key] + more)
    }

    func go(_ what: String, _ path: String, _ more: String...) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(go, [what, path, key] + more)
    }

    /// `aics-tlog` from PyPI.
    func aics(_ arguments: [String]) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(try Tools.python("aics-tlog"), arguments + ["--vkey-file", key])
    }

    /// The root of the first `size` entries in base64, as pymerkle computes it.
    func root(of folder: URL, size: Int) async throws -> String? {
        try await PythonClient.run("merkle_root.py", [folder.path, String(size)])["root"] as? String
    }
}
