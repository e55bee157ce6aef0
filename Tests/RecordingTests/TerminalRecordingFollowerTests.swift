import Foundation
import Identifiers
import Synchronization
import Testing
import Vault

@testable import Recording

@Suite("Following a terminal recording", .timeLimit(.minutes(1)))
struct TerminalRecordingFollowerTests {
    private func recorder(_ folder: RecordingsFolder) throws -> (TerminalRecorder, String) {
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        return (recorder, "\(folder.path)/\(SampleTerminal.header.path)")
    }

    @Test("events are seen as they come, until the exit status")
    func asTheyCome() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        try recorder.record("before".utf8, on: .standardOutput)
        let follower = try TerminalRecordingFollower(path: path, interval: .milliseconds(5))
        #expect(follower.header == SampleTerminal.header)
        #expect(try await follower.next()?.action == .output("before"))
        for number in 0..<20 {
            // Asked first, written then: the follower is waiting when the event comes.
            async let next = follower.next()
            if number % 4 == 0 { try await Task.sleep(for: .milliseconds(12)) }
            try recorder.record("\(number)".utf8, on: .standardOutput)
            #expect(try await next?.action == .output("\(number)"))
        }
        async let last = follower.next()
        _ = try recorder.close(exitStatus: 7)
        #expect(try await last?.action == .exit(7))
        #expect(try await follower.next() == nil)
    }

    @Test("without an exit status it ends when the recorder closes the file, with all that was written")
    func closed() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        let follower = try TerminalRecordingFollower(path: path, interval: .milliseconds(5))
        async let events = {
            var events: [TerminalEvent] = []
            while let event = try await follower.next() { events.append(event) }
            return events
        }()
        try await Task.sleep(for: .milliseconds(20))
        for number in 0..<500 { try recorder.record("\(number);".utf8, on: .standardOutput) }
        _ = try recorder.close()
        let all = try await events
        #expect(all.count == 500)
        #expect(outputBytes(all) == (0..<500).flatMap { Array("\($0);".utf8) })
    }

    @Test("who knows better may say that nothing more comes")
    func saidToBeClosed() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        try recorder.record("a".utf8, on: .standardOutput)
        let isClosed = Mutex(false)
        let follower = try TerminalRecordingFollower(path: path, interval: .milliseconds(5)) {
            isClosed.withLock { $0 }
        }
        #expect(try await follower.nextLines() != nil)
        #expect(try await follower.nextLines() == [])
        isClosed.withLock { $0 = true }
        #expect(try await follower.nextLines() == nil)
        _ = try recorder.close()
    }

    @Test("the lines are those of the file")
    func lines() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        let follower = try TerminalRecordingFollower(path: path, interval: .milliseconds(2))
        async let followed = {
            var bytes: [UInt8] = []
            var parts = 0
            while let lines = try await follower.nextLines() {
                #expect(lines.isEmpty || lines.last == UInt8(ascii: "\n"))
                bytes += lines
                parts += lines.isEmpty ? 0 : 1
            }
            return (bytes, parts)
        }()
        for number in 0..<10 {
            try await Task.sleep(for: .milliseconds(10))
            try recorder.record([UInt8](repeating: 0x61, count: 10_000 * number), on: .standardOutput)
        }
        _ = try recorder.close(exitStatus: 0)
        let (bytes, parts) = try await followed
        #expect(bytes == Array(try Data(contentsOf: URL(filePath: path))))
        #expect(parts > 5)
    }

    @Test("a torn line that the recorder takes back is not seen")
    func takenBack() async throws {
        let folder = RecordingsFolder()
        let tears = Mutex(false)
        var file = GrowingFile.system
        file.write = { descriptor, bytes in
            guard tears.withLock({ $0 }) else { return GrowingFile.system.write(descriptor, bytes) }
            return GrowingFile.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(9)))
        }
        file.truncate = { descriptor, length in
            tears.withLock { $0 } ? EIO : GrowingFile.system.truncate(descriptor, length)
        }
        let recorder = try TerminalRecorder(
            directory: folder.path, header: SampleTerminal.header, clock: HandClock().clock, file: file)
        let follower = try TerminalRecordingFollower(
            path: "\(folder.path)/\(SampleTerminal.header.path)", interval: .milliseconds(5))
        _ = try await follower.nextLines()
        tears.withLock { $0 = true }
        #expect(throws: RecordingError.self) { try recorder.record("lost".utf8, on: .standardOutput) }
        #expect(try await follower.nextLines() == [], "half a line is there")
        tears.withLock { $0 = false }
        try recorder.record(marker: "after")
        #expect(try await follower.next()?.action == .marker("after"))
        _ = try recorder.close()
        #expect(try await follower.next() == nil)
    }

    @Test("a recording whose writer was killed has ended")
    func killed() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        try recorder.record("a".utf8, on: .standardOutput)
        // What is left of it is as another process would leave it: no end, and no lock.
        let copy = "\(folder.path)/copy.cast"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let follower = try TerminalRecordingFollower(path: copy, interval: .milliseconds(5))
        #expect(try await follower.next()?.action == .output("a"))
        #expect(try await follower.next() == nil)
        #expect(try TerminalRecordingReader(path: path).isBeingWritten)
        #expect(try !TerminalRecordingReader(path: copy).isBeingWritten)
        _ = try recorder.close()
    }

    @Test("a follower that is not wanted any more stops")
    func cancelled() async throws {
        let folder = RecordingsFolder()
        let (recorder, path) = try recorder(folder)
        let follower = try TerminalRecordingFollower(path: path, interval: .milliseconds(5))
        let task = Task { try await follower.next() }
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        _ = try recorder.close()
    }
}
