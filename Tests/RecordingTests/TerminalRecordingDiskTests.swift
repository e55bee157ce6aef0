import Foundation
import Identifiers
import Synchronization
import Testing
import Vault

@testable import Recording

/// File operations of which one fails, counted over all of them in the order of their calls.
private final class FailingDisk: Sendable {
    enum Failure: Sendable {
        case code(Int32)
        /// A write takes only some of the bytes.
        case short
    }

    private let calls = Mutex(0)
    private let failing: Int
    private let failure: Failure
    /// A second operation fails too: that which takes a torn line back.
    private let failsTruncation: Bool
    private let hasFailed = Mutex(false)

    init(failing: Int, failure: Failure, failsTruncation: Bool) {
        self.failing = failing
        self.failure = failure
        self.failsTruncation = failsTruncation
    }

    var didFail: Bool { hasFailed.withLock { $0 } }

    private func fails() -> Bool {
        let number = calls.withLock { calls in
            calls += 1
            return calls - 1
        }
        guard number == failing else { return false }
        hasFailed.withLock { $0 = true }
        return true
    }

    private var code: Int32 { if case .code(let code) = failure { code } else { ENOSPC } }

    var file: GrowingFile {
        let system = GrowingFile.system
        var file = system
        file.makeDirectory = { self.fails() ? self.code : system.makeDirectory($0) }
        file.create = { self.fails() ? -self.code : system.create($0) }
        file.write = { descriptor, bytes in
            guard self.fails() else { return system.write(descriptor, bytes) }
            if case .code(let code) = self.failure { return -Int(code) }
            return system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
        }
        let truncations = Mutex(0)
        file.truncate = { descriptor, length in
            let isFirst = truncations.withLock { count in
                count += 1
                return count == 1
            }
            return self.failsTruncation && isFirst ? EIO : system.truncate(descriptor, length)
        }
        file.synchronize = { self.fails() ? self.code : system.synchronize($0) }
        file.synchronizeDirectory = { self.fails() ? self.code : system.synchronizeDirectory($0) }
        return file
    }
}

@Suite("Terminal recordings on a disk that refuses")
struct TerminalRecordingDiskTests {
    @Test(
        "whichever operation fails, it is told, no torn line is left, and what follows is recorded",
        arguments: [FailingDisk.Failure.code(ENOSPC), .code(EDQUOT), .code(EIO), .short], [false, true])
    fileprivate func everyCall(_ failure: FailingDisk.Failure, failsTruncation: Bool) throws {
        // A character in two pieces, so that a failure between them must not lose its start.
        let pieces: [[UInt8]] = [Array("one".utf8), [0x32, 0xe2, 0x82], [0xac, 0x33], Array("four".utf8)]
        var failing = 0
        var phases: Set<String> = []
        while true {
            let folder = RecordingsFolder()
            let disk = FailingDisk(failing: failing, failure: failure, failsTruncation: failsTruncation)
            failing += 1
            let path = "\(folder.path)/\(SampleTerminal.header.path)"
            let recorder: TerminalRecorder
            do {
                recorder = try TerminalRecorder(
                    directory: folder.path, header: SampleTerminal.header, clock: HandClock().clock, file: disk.file)
            } catch {
                phases.insert("start")
                expect(error, failure)
                continue
            }
            for piece in pieces {
                do {
                    try recorder.record(piece, on: .standardOutput)
                } catch {
                    phases.insert("record")
                    expect(error, failure)
                    // The same again, now that there is room.
                    try recorder.record(piece, on: .standardOutput)
                }
            }
            do {
                let summary = try recorder.close(exitStatus: 0, synchronizing: true)
                #expect(try RecordingReader.digest(path: path) == summary.digest)
                #expect(summary.events == 5)
                let (events, endsTorn) = try terminalEvents(path)
                #expect(outputBytes(events) == Array("one2€3four".utf8) && !endsTorn)
                #expect(events.last?.action == .exit(0))
            } catch let error as RecordingError {
                phases.insert("close")
                expect(error, failure)
                // What was recorded before is there, and reads to its end.
                #expect(outputBytes(try terminalEvents(path).events) == Array("one2€3four".utf8))
            }
            if !disk.didFail { break }
        }
        #expect(phases == ["start", "record", "close"])
        #expect(
            failing == 15,
            "3 folders, the file, its header, 4 pieces, the end, the synchronization of file and folders, and no failure"
        )
    }

    private func expect(_ error: RecordingError, _ failure: FailingDisk.Failure) {
        switch (failure, error) {
        case (.code(EIO), .storeFailed(_, _, EIO)), (.short, .shortWrite), (.short, .storeFull): break
        case (.code(let code), .storeFull): #expect(code != EIO)
        default: Issue.record("\(failure) became \(error)")
        }
    }

    @Test("a torn last line is left out and told; a damaged line before it is an error")
    func torn() throws {
        let folder = RecordingsFolder()
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        for text in ["a", "b", "c"] { try recorder.record(text.utf8, on: .standardOutput) }
        let path = "\(folder.path)/\(try recorder.close().path)"
        var bytes = try Data(contentsOf: URL(filePath: path))
        for cut in 1...6 {
            try bytes.dropLast(cut).write(to: URL(filePath: path))
            let (events, endsTorn) = try terminalEvents(path)
            #expect(outputBytes(events) == Array("ab".utf8) && endsTorn, "\(cut) bytes are missing")
        }
        let second = try #require(bytes.firstIndex(of: 0x0a)) + 1
        bytes[second] = UInt8(ascii: "x")
        try bytes.write(to: URL(filePath: path))
        #expect {
            try terminalEvents(path)
        } throws: { error in
            if case RecordingError.damaged(path, 2, _) = error { true } else { false }
        }
    }

    @Test("comments, empty lines and events of another kind are passed over, with their time")
    func others() throws {
        let folder = RecordingsFolder()
        _ = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header).close()
        let path = "\(folder.path)/\(SampleTerminal.header.path)"
        let more = "# a comment\n\n[1e0, \"o\", \"a\"]\n[0.5,\"z\",\"?\"]\n[0.25,\"o\",\"b\"]\n"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(more.utf8))
        #expect(
            try terminalEvents(path).events == [
                TerminalEvent(time: .seconds(1), action: .output("a")),
                TerminalEvent(time: .milliseconds(1750), action: .output("b")),
            ])
    }

    @Test(
        "a line that is no event is an error, and none stops the process",
        arguments: [
            "{}", "[]", "[1,\"o\"]", "[1,\"o\\u0000\"]", "[1,\"o\",\"a\\u0000\",2]", "[1,\"o\",2,\"\\u0000\"]",
            "[1,\"o\",\"a\",1]", "[-1,\"o\",\"a\"]", "[1e300,\"o\",\"a\"]",
            "[\"1\",\"o\",\"a\"]",
            "[1,\"r\",\"big\"]", "[1,\"x\",\"\"]", "[1,\"x\",\"99999999999\"]", "[1,2,3]", "nonsense",
            String(repeating: "[", count: 1000), "[0,\"o\",\"\(String(repeating: "x", count: 1 << 20))\"]",
        ])
    func badLines(_ line: String) throws {
        let folder = RecordingsFolder()
        _ = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header).close()
        let path = "\(folder.path)/\(SampleTerminal.header.path)"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("\(line)\n".utf8))
        #expect {
            try terminalEvents(path)
        } throws: { error in
            if case RecordingError.damaged(path, 2, _) = error { true } else { false }
        }
    }

    @Test("times that add up to more than a number holds do not overflow")
    func longTimes() throws {
        var parser = AsciicastParser(name: "x")
        let folder = RecordingsFolder()
        _ = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header).close()
        parser.append(try Data(contentsOf: URL(filePath: "\(folder.path)/\(SampleTerminal.header.path)")))
        for _ in 0..<2000 { parser.append("[9999999999,\"o\",\"a\"]\n".utf8) }
        var last: TerminalEvent?
        while let event = try parser.next() { last = event }
        #expect(last?.time == .microseconds(Int64.max))
    }

    @Test("what is no recording is refused", arguments: ["", "{", "{}\n", "no\n", #"{"version":3}"# + "\n"])
    func notARecording(_ text: String) throws {
        let folder = RecordingsFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = "\(folder.path)/x.cast"
        try Data(text.utf8).write(to: URL(filePath: path))
        #expect {
            _ = try TerminalRecordingReader(path: path)
        } throws: { error in
            if case RecordingError.notARecording(path, _) = error { true } else { false }
        }
        #expect(throws: RecordingError.notFound(path: "\(path)x")) {
            _ = try TerminalRecordingReader(path: "\(path)x")
        }
    }

    @Test("a session's recordings are listed in order, beside what else lies there")
    func listing() throws {
        let folder = RecordingsFolder()
        let session = SampleTerminal.header.session
        #expect(TerminalRecordings.list(in: folder.path, of: session).isEmpty)
        let own = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        _ = try own.close()
        var recorders = try [3, 1, 2].map {
            try TerminalRecorder(directory: folder.path, header: SampleTerminal.header($0))
        }
        _ = try recorders[1].close()
        recorders.remove(at: 1)
        let place = "\(folder.path)/2025-11-23/\(session)"
        try Data("x".utf8).write(to: URL(filePath: "\(place)/notes.cast"))
        try Data("x".utf8).write(to: URL(filePath: "\(place)/\(UUIDv7(milliseconds: 1)).cast"))
        let all = TerminalRecordings.list(in: folder.path, of: session)
        #expect(all.map(\.header.commandID) == [1, 2, 3].map { SampleTerminal.header($0).commandID })
        #expect(all.map(\.isBeingWritten) == [false, true, true])
        #expect(all.allSatisfy { $0.bytes > 100 })
        let second = TerminalRecordings.list(in: folder.path, of: session, after: all[0].header.commandID, limit: 1)
        #expect(second.map(\.header) == [all[1].header])
    }
}
