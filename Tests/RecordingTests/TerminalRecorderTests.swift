import Crypto
import Foundation
import Identifiers
import StrictJSON
import Synchronization
import Testing
import Vault

@testable import Recording

enum SampleTerminal {
    static let header = TerminalRecordingHeader(
        session: SampleSession.header.session, commandID: UUIDv7(milliseconds: 1_763_910_246_000),
        caller: "alice@example.com", target: "bastion", started: Timestamp(milliseconds: 1_763_910_246_123),
        size: TerminalSize(columns: 100, rows: 30), terminalType: "xterm-256color", title: "alice@bastion",
        command: "top -b \"1\"")

    private static let commandIDs = (0..<500).map { UUIDv7(milliseconds: 1_763_910_250_000 + $0) }

    /// That of another command, the same for the same number.
    static func header(_ number: Int) -> TerminalRecordingHeader {
        var header = header
        header.commandID = commandIDs[number]
        return header
    }
}

/// A clock that goes on when it is told to.
final class HandClock: Sendable {
    private let time = Mutex(Duration.seconds(1000))

    func advance(_ duration: Duration) { time.withLock { $0 += duration } }

    var clock: () -> Duration { { self.time.withLock { $0 } } }
}

func terminalEvents(_ path: String) throws -> (events: [TerminalEvent], endsTorn: Bool) {
    var reader = try TerminalRecordingReader(path: path)
    var events: [TerminalEvent] = []
    while let event = try reader.next() { events.append(event) }
    return (events, reader.endsTorn)
}

/// The output of all events, in bytes: `String ==` would take other characters for the same.
func outputBytes(_ events: [TerminalEvent]) -> [UInt8] {
    events.flatMap { event -> [UInt8] in if case .output(let text) = event.action { Array(text.utf8) } else { [] } }
}

@Suite("Recording a terminal")
struct TerminalRecorderTests {
    @Test("events come back as they were recorded, from a file of its owner's alone")
    func roundTrip() throws {
        let folder = RecordingsFolder()
        let clock = HandClock()
        let recorder = try TerminalRecorder(
            directory: folder.path, header: SampleTerminal.header, clock: clock.clock)
        clock.advance(.microseconds(248_848))
        try recorder.record("$ \u{1b}[31mnaïve \"q\" \\ \u{0}\u{7f}💳\r\n".utf8, on: .standardOutput)
        clock.advance(.seconds(61))
        try recorder.record("ls\r".utf8, on: .standardInput)
        try recorder.record(resize: TerminalSize(columns: 120, rows: 50))
        clock.advance(.microseconds(1))
        try recorder.record(marker: "upload")
        try recorder.record("no such file\n".utf8, on: .standardError)
        clock.advance(.seconds(-5))
        try recorder.record("x".utf8, on: .standardOutput)
        let summary = try recorder.close(exitStatus: -1, synchronizing: true)
        #expect(summary.events == 7)
        #expect(summary.path == "2025-11-23/\(SampleTerminal.header.session)/\(SampleTerminal.header.commandID).cast")

        let path = "\(folder.path)/\(summary.path)"
        let late = Duration.microseconds(61_248_849)
        let wanted: [TerminalEvent] = [
            .init(
                time: .microseconds(248_848),
                action: .output("$ \u{1b}[31mnaïve \"q\" \\ \u{0}\u{7f}💳\r\n")),
            .init(time: .microseconds(61_248_848), action: .input("ls\r")),
            .init(time: .microseconds(61_248_848), action: .resize(TerminalSize(columns: 120, rows: 50))),
            .init(time: late, action: .marker("upload")), .init(time: late, action: .output("no such file\n")),
            .init(time: late, action: .output("x")), .init(time: late, action: .exit(-1)),
        ]
        #expect(try terminalEvents(path) == (wanted, false))
        #expect(try TerminalRecordingReader(path: path).header == SampleTerminal.header)
        let bytes = try Data(contentsOf: URL(filePath: path))
        #expect(summary.bytes == UInt64(bytes.count))
        #expect(summary.digest == SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined())
        let session = "\(folder.path)/2025-11-23/\(SampleTerminal.header.session)"
        for (path, permissions) in [(path, 0o600), (folder.path, 0o700), (session, 0o700)] {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == permissions)
        }
    }

    @Test("the file is asciicast v3 to the letter")
    func format() throws {
        let folder = RecordingsFolder()
        let clock = HandClock()
        let recorder = try TerminalRecorder(
            directory: folder.path, header: SampleTerminal.header, clock: clock.clock)
        clock.advance(.milliseconds(1500))
        try recorder.record("a\u{1b}".utf8, on: .standardOutput)
        clock.advance(.microseconds(1))
        try recorder.record(resize: .standard)
        clock.advance(.seconds(20))
        let path = "\(folder.path)/\(try recorder.close(exitStatus: 3).path)"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.dropFirst() == [#"[1.5,"o","a\u001b"]"#, #"[0.000001,"r","80x24"]"#, #"[20,"x","3"]"#, ""])
        let header = try JSONValue(parsing: String(lines[0]))
        #expect(header["version"] == 3)
        #expect(header["term"] == ["cols": 100, "rows": 30, "type": "xterm-256color"])
        #expect(header["timestamp"] == 1_763_910_246)
        #expect(header["title"] == "alice@bastion" && header["command"] == "top -b \"1\"")
    }

    private static let texts: [[UInt8]] = [
        Array("aé€💳z\u{10ffff}\u{800}\u{fffd}".utf8),
        // Overlong, surrogate, beyond the last, lone continuation, cut short before another: all no UTF-8.
        [0x61, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0x80, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x92],
        [0xf0, 0x80, 0x80, 0xe0, 0x9f, 0xbf, 0xff, 0xfe, 0xf5, 0x80, 0xc3, 0xc3, 0xa9, 0xe2, 0xe2, 0x82, 0xac],
    ]

    @Test("a character that is split between pieces comes out whole, wherever it is split", arguments: texts)
    func splits(_ bytes: [UInt8]) throws {
        let whole = Array(String(decoding: bytes, as: UTF8.self).utf8)
        let folder = RecordingsFolder()
        var number = 0
        func recorded(_ pieces: [ArraySlice<UInt8>]) throws -> [UInt8] {
            number += 1
            let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header(number))
            for (index, piece) in pieces.enumerated() {
                try recorder.record(piece, on: .standardOutput)
                // Another stream between the pieces of a character does not break it.
                if index % 2 == 0 { try recorder.record([0xe2], on: .standardInput) }
            }
            return outputBytes(try terminalEvents("\(folder.path)/\(try recorder.close().path)").events)
        }
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(try recorded(pieces) == whole, "split at \(first) and \(second)")
            }
        }
        #expect(try recorded(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte")
    }

    @Test("a long output becomes several events of the same moment, none of which splits a character")
    func longOutput() throws {
        let folder = RecordingsFolder()
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        let bytes = Array(String(repeating: "a€\u{0}", count: 60_000).utf8)
        try recorder.record(bytes, on: .standardOutput)
        let summary = try recorder.close()
        let events = try terminalEvents("\(folder.path)/\(summary.path)").events
        #expect(events.count == 5 && summary.events == 5)
        #expect(Set(events.map(\.time)).count == 1)
        #expect(outputBytes(events) == bytes)
    }

    @Test("what is longer than a line may be is cut in header and markers")
    func longTexts() throws {
        let folder = RecordingsFolder()
        var header = SampleTerminal.header
        header.command = "echo \(String(repeating: "€", count: 500_000))"
        let recorder = try TerminalRecorder(directory: folder.path, header: header)
        try recorder.record(marker: String(repeating: "\u{1}", count: 500_000))
        let path = "\(folder.path)/\(try recorder.close().path)"
        #expect(try TerminalRecordingReader(path: path).header.command?.utf8.count == 65_534)
        guard case .marker(let label) = try #require(try terminalEvents(path).events.first).action else {
            Issue.record("no marker")
            return
        }
        #expect(label.utf8.count == 65_536)
    }

    @Test("NUL, which terminals are sent, comes back in events and not in the header")
    func nul() throws {
        let folder = RecordingsFolder()
        var header = SampleTerminal.header
        header.command = "a\0b"
        header.terminalType = "x\0"
        let recorder = try TerminalRecorder(directory: folder.path, header: header)
        let texts = ["\0", "a\0\0b", "\\u0000\0\\\0\"", "\",\"\0"]
        for text in texts { try recorder.record(text.utf8, on: .standardOutput) }
        let path = "\(folder.path)/\(try recorder.close().path)"
        #expect(try terminalEvents(path).events.map(\.action) == texts.map { .output($0) })
        let read = try TerminalRecordingReader(path: path).header
        #expect(read.command == "a\u{fffd}b" && read.terminalType == "x\u{fffd}")
    }

    @Test("events that may wait are written together; one that may not takes them along")
    func waiting() throws {
        let folder = RecordingsFolder()
        let writes = Mutex(0)
        var file = GrowingFile.system
        file.write = { descriptor, bytes in
            writes.withLock { $0 += 1 }
            return GrowingFile.system.write(descriptor, bytes)
        }
        let recorder = try TerminalRecorder(
            directory: folder.path, header: SampleTerminal.header, clock: HandClock().clock, file: file)
        for letter in "abc".utf8 { try recorder.record([letter], on: .standardOutput, mayWait: true) }
        #expect(writes.withLock { $0 } == 1 && recorder.hasWaiting)
        try recorder.flush()
        #expect(writes.withLock { $0 } == 2 && !recorder.hasWaiting)
        try recorder.record("d".utf8, on: .standardOutput, mayWait: true)
        try recorder.record(marker: "now")
        #expect(writes.withLock { $0 } == 3)
        try recorder.record([0xe2], on: .standardOutput)
        #expect(writes.withLock { $0 } == 3, "half a character is no event")
        let big = [UInt8](repeating: 0x78, count: 40_000)
        try recorder.record(big, on: .standardOutput, mayWait: true)
        #expect(writes.withLock { $0 } == 4, "too much waits for nothing")
        #expect(try recorder.close().events == 6)
    }

    @Test("a command is recorded once, and not after its end")
    func once() throws {
        let folder = RecordingsFolder()
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        let path = "\(folder.path)/\(SampleTerminal.header.path)"
        #expect(throws: RecordingError.exists(path: path)) {
            try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        }
        _ = try recorder.close()
        #expect(throws: RecordingError.closed(path: path)) { try recorder.record("a".utf8, on: .standardOutput) }
        #expect(throws: RecordingError.closed(path: path)) { try recorder.close() }
    }

    @Test("a size that a client makes up is one that players take")
    func sizes() {
        #expect(TerminalSize(columns: UInt32.max, rows: 0) == TerminalSize(columns: 65_535, rows: 24))
        #expect(TerminalSize(columns: -3, rows: 7).description == "80x7")
        for text in ["", "80", "80x", "0x0", "80x24x3", "-1x5", "65536x1", "80 x24", "80X24"] {
            #expect(TerminalSize(text) == nil, "\(text)")
        }
    }
}
