import Foundation

/// A server of the tests' own in Python: a script of `Fixtures/` that takes `--port`.
final class PythonServer: Sendable {
    let url: String
    let port: Int
    let process: RunningProcess

    init(_ script: String, _ arguments: [String] = [], environment: [String: String] = [:]) async throws {
        port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        process = try RunningProcess(
            try Tools.python(), [Tools.fixture(script), "--port", String(port)] + arguments, environment: environment)
        try await Tools.waitForPort(port, of: process)
    }
}

/// Runs a client of the tests' own in Python: a script of `Fixtures/`.
enum PythonClient {
    /// What the script printed: one JSON document.
    static func run(
        _ script: String, _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 60
    ) async throws -> [String: Any] {
        let finished = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture(script)] + arguments, environment: environment, within: seconds)
        guard finished.status == 0,
            let answer = try? JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any]
        else {
            // The end of it in one line as well: summaries of a run keep no more.
            let cause = finished.errors.split(separator: "\n").suffix(4).map { $0.drop { $0 == " " } }
            throw TestFailure(
                "\(script) ended with \(finished.status): \(cause.joined(separator: " / "))\n\(finished.output)\(finished.errors)"
            )
        }
        return answer
    }
}
