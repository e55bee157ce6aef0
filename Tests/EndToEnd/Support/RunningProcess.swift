import Foundation
import Synchronization

/// A child process of a test, ended by its process id when the test lets go of it.
final class RunningProcess: Sendable {
    private let process: Mutex<Process>
    private let captured = Mutex<Data>(Data())
    let name: String
    let pid: Int32

    /// Starts `executable` with `arguments`; what it prints is kept for failure messages.
    init(
        _ executable: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        keepsInputOpen: Bool = false
    ) throws {
        let child = Process()
        name = (executable as NSString).lastPathComponent
        child.executableURL = URL(fileURLWithPath: executable)
        child.arguments = arguments
        child.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { child.currentDirectoryURL = folder }
        let output = Pipe()
        child.standardOutput = output
        child.standardError = output
        if keepsInputOpen { child.standardInput = Pipe() } else { child.standardInput = FileHandle.nullDevice }
        process = Mutex(child)
        try child.run()
        pid = child.processIdentifier
        Leftovers.add(process: pid)
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.captured.withLock { $0.append(data) }
        }
    }

    deinit {
        process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } }
        Leftovers.remove(process: pid)
    }

    /// What it has printed so far, both streams together.
    var output: String { captured.withLock { String(decoding: $0, as: UTF8.self) } }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    var exitStatus: Int32? { process.withLock { $0.isRunning ? nil : $0.terminationStatus } }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Asks it to end and waits; after `seconds` it is killed. Returns its exit status.
    @discardableResult
    func stop(within seconds: Double = 20) async throws -> Int32 {
        signal(SIGTERM)
        return try await exit(within: seconds)
    }

    func exit(within seconds: Double = 20) async throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while isRunning {
            if ContinuousClock.now > deadline {
                signal(SIGKILL)
                throw TestFailure("\(name) did not end within \(seconds) s; it said:\n\(output)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return exitStatus ?? -1
    }

    /// Waits until `text` stands in the output.
    func says(_ text: String, within seconds: Double = 30) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !output.contains(text) {
            guard isRunning, ContinuousClock.now < deadline else {
                throw TestFailure("\(name) did not say \"\(text)\"; it said:\n\(output)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs a program to its end.
    static func run(
        _ executable: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        input: String? = nil, within seconds: Double = 60
    ) async throws -> Finished {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: executable)
        child.arguments = arguments
        child.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { child.currentDirectoryURL = folder }
        let output = Pipe()
        let errors = Pipe()
        child.standardOutput = output
        child.standardError = errors
        let stdin = Pipe()
        child.standardInput = input == nil ? FileHandle.nullDevice : stdin
        try child.run()
        let pid = child.processIdentifier
        if let input {
            stdin.fileHandleForWriting.write(Data(input.utf8))
            try stdin.fileHandleForWriting.close()
        }
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            kill(pid, SIGKILL)
        }
        defer { deadline.cancel() }
        async let text = onOwnThread { output.fileHandleForReading.readDataToEndOfFile() }
        async let complaints = onOwnThread { errors.fileHandleForReading.readDataToEndOfFile() }
        let (standardOutput, standardError) = try await (text, complaints)
        child.waitUntilExit()
        return Finished(
            status: child.terminationStatus, output: String(decoding: standardOutput, as: UTF8.self),
            errors: String(decoding: standardError, as: UTF8.self))
    }

    struct Finished: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }
}

/// What went wrong in the arrangement of a test, as opposed to an expectation that did not hold.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
