import Foundation
import Synchronization

/// A child process of a test, ended by its process id when the test lets go of it.
final class RunningProcess: Sendable {
    private final class Captured: Sendable {
        let bytes = Mutex<[UInt8]>([])
        let isWhole = Mutex(false)
    }

    private let child: ChildProcess
    private let captured = Captured()
    let name: String
    var pid: Int32 { child.pid }

    /// Starts `executable` with `arguments`; what it prints is kept for failure messages.
    init(
        _ executable: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
    ) throws {
        name = (executable as NSString).lastPathComponent
        let output = try PipeEnds()
        defer { close(output.writing) }
        child = try ChildProcess(
            executable, arguments, in: folder, environment: environment, input: nil, output: output.writing,
            errors: output.writing)
        Thread.detachNewThread { [captured] in
            drain(output.reading) { piece in captured.bytes.withLock { $0.append(contentsOf: piece) } }
            captured.isWhole.withLock { $0 = true }
        }
    }

    /// What it has printed so far, both streams together.
    var output: String { captured.bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    var isRunning: Bool { child.exitStatus == nil }

    var exitStatus: Int32? { child.exitStatus }

    func signal(_ number: Int32) { child.signal(number) }

    /// Asks it to end and waits; after `seconds` it is killed. Returns its exit status.
    @discardableResult
    func stop(within seconds: Double = 60) async throws -> Int32 {
        signal(SIGTERM)
        return try await exit(within: seconds)
    }

    /// Waits until it has ended, and all that it printed is there.
    func exit(within seconds: Double = 60) async throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while isRunning {
            if ContinuousClock.now > deadline {
                signal(SIGKILL)
                throw TestFailure("\(name) did not end within \(seconds) s; it said:\n\(output)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        // Somebody whom it started may have the pipe for longer.
        let patience = ContinuousClock.now + .seconds(2)
        while !captured.isWhole.withLock({ $0 }), ContinuousClock.now < patience {
            try await Task.sleep(for: .milliseconds(5))
        }
        return exitStatus ?? -1
    }

    /// Waits until `text` stands in the output.
    func says(_ text: String, within seconds: Double = 120) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !output.contains(text) {
            guard isRunning, ContinuousClock.now < deadline else {
                // What it said last may still be on its way.
                if !isRunning { _ = try await exit() }
                if output.contains(text) { return }
                throw TestFailure("\(name) did not say \"\(text)\"; it said:\n\(output)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs a program to its end.
    static func run(
        _ executable: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        input: String? = nil, within seconds: Double = 180
    ) async throws -> Finished {
        let (output, errors) = (try PipeEnds(), try PipeEnds())
        let stdin = try input.map { _ in try PipeEnds() }
        let child = try {
            defer { for end in [output.writing, errors.writing, stdin?.reading].compactMap({ $0 }) { close(end) } }
            return try ChildProcess(
                executable, arguments, in: folder, environment: environment, input: stdin?.reading,
                output: output.writing, errors: errors.writing)
        }()
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            child.signal(SIGKILL)
        }
        defer { deadline.cancel() }
        async let text = onOwnThread { Self.text(output.reading) }
        async let complaints = onOwnThread { Self.text(errors.reading) }
        if let input, let stdin {
            // A child that does not read all of it shows by its status.
            try? FileHandle(fileDescriptor: stdin.writing, closeOnDealloc: true).write(contentsOf: Data(input.utf8))
        }
        let (standardOutput, standardError) = try await (text, complaints)
        while child.exitStatus == nil { try await Task.sleep(for: .milliseconds(5)) }
        return Finished(status: child.exitStatus ?? -1, output: standardOutput, errors: standardError)
    }

    private static func text(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        drain(descriptor) { bytes.append(contentsOf: $0) }
        return String(decoding: bytes, as: UTF8.self)
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
