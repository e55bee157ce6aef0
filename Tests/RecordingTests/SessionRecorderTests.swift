import Crypto
import Foundation
import Identifiers
import Synchronization
import Testing
import Vault

@testable import Recording

/// A folder for recordings, removed with this object.
final class RecordingsFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "recordings-\(UUID())").path

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum SampleSession {
    static let header = RecordingHeader(
        session: UUIDv7(milliseconds: 1_763_910_245_000), caller: "alice@example.com", target: "payments",
        kind: "http", started: Timestamp(milliseconds: 1_763_910_245_678))

    static let events = [
        RecordingEvent(
            offset: 3, kind: .request, commandID: UUIDv7(milliseconds: 1_763_910_245_681),
            head: [RecordingField("", "POST /pay"), RecordingField("content-type", "application/json")],
            body: #"{"card":"************1111","note":"naïve \"quote\" 💳"}"#),
        RecordingEvent(offset: 250, kind: .note, body: "waits for approval"),
        RecordingEvent(offset: 61_250, kind: .response, head: [RecordingField("", "200")], body: "line\nline\n"),
    ]
}

@Suite("Recording a session")
struct SessionRecorderTests {
    private func read(_ path: String) throws -> (events: [RecordingEvent], endsTorn: Bool) {
        var reader = try RecordingReader(path: path)
        var events: [RecordingEvent] = []
        while let event = try reader.next() { events.append(event) }
        return (events, reader.endsTorn)
    }

    @Test("events come back as they were recorded, from a file of its owner's alone")
    func roundTrip() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        for event in SampleSession.events { try recorder.record(event) }
        let summary = try recorder.close(synchronizing: true)
        #expect(summary.path == "2025-11-23/\(SampleSession.header.session).jsonl")
        #expect(summary.events == 3)

        let path = "\(folder.path)/\(summary.path)"
        let reader = try RecordingReader(path: path)
        #expect(reader.header == SampleSession.header)
        #expect(try read(path) == (SampleSession.events, false))
        for (path, permissions) in [(path, 0o600), (folder.path, 0o700), ("\(folder.path)/2025-11-23", 0o700)] {
            #expect(
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == permissions)
        }
    }

    @Test("the digest given at the end is the file's")
    func digest() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        for event in SampleSession.events { try recorder.record(event) }
        let summary = try recorder.close()
        let bytes = try Data(contentsOf: URL(filePath: "\(folder.path)/\(summary.path)"))
        #expect(summary.bytes == UInt64(bytes.count))
        #expect(summary.digest == SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined())
        #expect(try RecordingReader.digest(path: "\(folder.path)/\(summary.path)") == summary.digest)
    }

    @Test("a long body is cut at a character's border and marked", arguments: [1, 2, 3, 4, 5])
    func limit(_ limit: Int) throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header, bodyLimit: limit)
        try recorder.record(RecordingEvent(offset: 0, kind: .response, body: "a💳é"))
        try recorder.record(RecordingEvent(offset: 0, kind: .response, body: "b"))
        let (events, _) = try read("\(folder.path)/\(try recorder.close().path)")
        #expect(events.map(\.body) == [limit < 5 ? "a" : "a💳", "b"])
        #expect(events.map(\.isTruncated) == [true, false])
    }

    @Test("a session is recorded once, and not after its end")
    func once() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        let path = "\(folder.path)/\(SampleSession.header.path)"
        #expect(throws: RecordingError.exists(path: path)) {
            try SessionRecorder(directory: folder.path, header: SampleSession.header)
        }
        _ = try recorder.close()
        #expect(throws: RecordingError.closed(path: path)) { try recorder.record(SampleSession.events[0]) }
        #expect(throws: RecordingError.closed(path: path)) { try recorder.close() }
    }

    @Test("a disk error reaches the caller, leaves no half line, and is over when it is over")
    func diskErrors() throws {
        let folder = RecordingsFolder()
        let failure = Mutex<Int>(0)
        var file = GrowingFile.system
        file.write = { descriptor, bytes in
            switch failure.withLock({ $0 }) {
            case 0: return GrowingFile.system.write(descriptor, bytes)
            case -1: return GrowingFile.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(5)))
            case let code: return -code
            }
        }
        let recorder = try SessionRecorder(
            directory: folder.path, header: SampleSession.header, bodyLimit: 1000, file: file)
        let path = "\(folder.path)/\(SampleSession.header.path)"
        try recorder.record(SampleSession.events[0])
        for (code, error) in [
            (Int(ENOSPC), RecordingError.storeFull(path: path)), (-1, .shortWrite(path: path)),
            (Int(EIO), .storeFailed(operation: "write", path: path, code: EIO)),
        ] {
            failure.withLock { $0 = code }
            #expect(throws: error) { try recorder.record(SampleSession.events[1]) }
        }
        failure.withLock { $0 = 0 }
        try recorder.record(SampleSession.events[2])
        let summary = try recorder.close()
        #expect(summary.events == 2)
        #expect(try read(path) == ([SampleSession.events[0], SampleSession.events[2]], false))
        #expect(try RecordingReader.digest(path: path) == summary.digest)
    }

    @Test("a recording that cannot be started is an error, not silence")
    func start() throws {
        #expect(throws: RecordingError.self) {
            try SessionRecorder(directory: "/proc/recordings", header: SampleSession.header)
        }
        let folder = RecordingsFolder()
        var file = GrowingFile.system
        file.write = { _, _ in -Int(ENOSPC) }
        #expect(throws: RecordingError.storeFull(path: "\(folder.path)/\(SampleSession.header.path)")) {
            try SessionRecorder(directory: folder.path, header: SampleSession.header, bodyLimit: 10, file: file)
        }
    }

    @Test("a torn last line is left out and told; a damaged line before it is an error")
    func torn() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        for event in SampleSession.events { try recorder.record(event) }
        let path = "\(folder.path)/\(try recorder.close().path)"
        var bytes = try Data(contentsOf: URL(filePath: path))
        try bytes.dropLast(4).write(to: URL(filePath: path))
        #expect(try read(path) == (Array(SampleSession.events.prefix(2)), true))

        let second = try #require(bytes.firstIndex(of: 0x0a)) + 1
        bytes[second] = UInt8(ascii: "x")
        try bytes.write(to: URL(filePath: path))
        #expect {
            try read(path)
        } throws: { error in
            if case RecordingError.damaged(path, 2, _) = error { true } else { false }
        }
    }

    @Test("what is no recording is refused", arguments: ["", "{", "{}\n", "no\n", #"{"version":2}"# + "\n"])
    func notARecording(_ text: String) throws {
        let folder = RecordingsFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/x.jsonl"))
        #expect {
            _ = try RecordingReader(path: "\(folder.path)/x.jsonl")
        } throws: { error in
            if case RecordingError.notARecording = error { true } else { false }
        }
        #expect(throws: RecordingError.notFound(path: "\(folder.path)/y.jsonl")) {
            _ = try RecordingReader(path: "\(folder.path)/y.jsonl")
        }
    }

    @Test("lines longer than the reader's chunk come back whole")
    func longLines() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        let events = (0..<5).map { number in
            RecordingEvent(
                offset: UInt64(number), kind: .response, body: String(repeating: "\(number)", count: 70_000 * number))
        }
        for event in events { try recorder.record(event) }
        let path = "\(folder.path)/\(try recorder.close().path)"
        let read = try read(path).events
        #expect(read.map(\.body.count) == [0, 70_000, 140_000, 210_000, 262_144])
        #expect(read[3] == events[3] && read[4].isTruncated)
    }
}
