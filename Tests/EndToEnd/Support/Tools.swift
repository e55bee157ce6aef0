import Foundation
import Synchronization

/// Programs that the end-to-end suites use, and where they are.
enum Tools {
    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The gateway that this test run has built: it stands beside the test bundle.
    static var sallyport: String {
        get throws {
            let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            let binary = bundle.appendingPathComponent("sallyport").path
            guard FileManager.default.isExecutableFile(atPath: binary) else {
                throw TestFailure("there is no \(binary); run `swift build` first")
            }
            return binary
        }
    }

    /// A file of `Tests/EndToEnd/Fixtures`.
    static func fixture(_ name: String) -> String {
        packageRoot.appendingPathComponent("Tests/EndToEnd/Fixtures/\(name)").path
    }

    /// A program from Debian's packages.
    static func system(_ name: String) throws -> String {
        for folder in ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TestFailure("\(name) is not installed; `make test` installs what the tests need")
    }

    /// Whether the system's program runs, says nothing that anybody needs, and succeeds.
    static func succeeds(_ program: String, _ arguments: [String]) -> Bool {
        guard let path = try? system(program) else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// A program of the tests' virtual environment (PyPI packages).
    static func python(_ name: String = "python3") throws -> String {
        let folder =
            ProcessInfo.processInfo.environment["SALLYPORT_TEST_VENV"]
            ?? packageRoot.appendingPathComponent(".venv-test").path
        let path = "\(folder)/bin/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestFailure("there is no \(path); `scripts/test-venv.sh` makes it, `make test` runs that")
        }
        return path
    }

    /// The next port to try. They lie below the kernel's ephemeral range, so that no outgoing connection takes one
    /// between its choice and its use; each test run starts elsewhere.
    private static let nextPort = Mutex(Int.random(in: 10_000..<30_000))

    /// A TCP port on loopback that nobody listens on, and that this run gives out once.
    static func freePort() throws -> Int {
        for _ in 0..<1000 {
            let port = nextPort.withLock { next in
                defer { next = next < 31_999 ? next + 1 : 10_000 }
                return next
            }
            if try isFree(port) { return port }
        }
        throw TestFailure("no free port between 10000 and 32000")
    }

    private static func isFree(_ port: Int) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: errno \(errno)") }
        defer { close(descriptor) }
        return RawSocket.withLoopback(port) { bind(descriptor, $0, $1) == 0 }
    }

    /// Waits until something accepts connections on `port`.
    static func waitForPort(_ port: Int, of process: RunningProcess, within seconds: Double = 60) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !isListening(port) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw TestFailure("\(process.name) does not listen on port \(port); it said:\n\(process.output)")
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    private static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return RawSocket.withLoopback(port) { connect(descriptor, $0, $1) == 0 }
    }
}
