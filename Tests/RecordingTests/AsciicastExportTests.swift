import Foundation
import Identifiers
import Testing

@testable import Recording

@Suite("Exporting a terminal recording")
struct AsciicastExportTests {
    private func exported(_ path: String) throws -> [UInt8] {
        var reader = try TerminalRecordingReader(path: path)
        var bytes: [UInt8] = []
        try AsciicastExport.version2(&reader) { bytes += $0 }
        return bytes
    }

    private func record(_ folder: RecordingsFolder) throws -> String {
        let clock = HandClock()
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header, clock: clock.clock)
        clock.advance(.microseconds(248_848))
        try recorder.record("$ ls\r\n\u{1b}[1;34mnaïve 💳\u{1b}[0m\r\n".utf8, on: .standardOutput)
        clock.advance(.milliseconds(751))
        try recorder.record("typed".utf8, on: .standardInput)
        try recorder.record(resize: TerminalSize(columns: 120, rows: 50))
        clock.advance(.milliseconds(1))
        try recorder.record(marker: "here")
        try recorder.record("broken \u{0} \"\\\u{2028}\u{7f}".utf8 + [0xff, 0xe2, 0x82], on: .standardOutput)
        return "\(folder.path)/\(try recorder.close(exitStatus: 1).path)"
    }

    @Test("version 2 has times since the start, the size by its other names, and no exit status")
    func version2() throws {
        let folder = RecordingsFolder()
        let lines = String(decoding: try exported(try record(folder)), as: UTF8.self).split(separator: "\n")
        // Not our own parser, which takes no NUL.
        func parsed(_ line: Substring) throws -> Any { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        let header = try #require(try parsed(lines[0]) as? [String: Any])
        #expect(header["version"] as? Int == 2 && header["width"] as? Int == 100 && header["height"] as? Int == 30)
        #expect(header["timestamp"] as? Int == 1_763_910_246 && header["title"] as? String == "alice@bastion")
        #expect((header["env"] as? [String: String])?["TERM"] == "xterm-256color" && header["term"] == nil)
        let events = try lines.dropFirst().map { try #require(try parsed($0) as? [Any]) }
        #expect(events.map { $0[1] as? String } == ["o", "i", "r", "m", "o", "o"])
        #expect(
            events.map { $0[0] as? Double } == [0.248848, 0.999848, 0.999848, 1.000848, 1.000848, 1.000848])
        #expect(events[2][2] as? String == "120x50" && events[3][2] as? String == "here")
        #expect(events[5][2] as? String == "\u{fffd}")
    }

    @Test("a long recording is exported in parts, whole")
    func long() throws {
        let folder = RecordingsFolder()
        let recorder = try TerminalRecorder(directory: folder.path, header: SampleTerminal.header)
        for number in 0..<5000 {
            try recorder.record("line \(number) of many\r\n".utf8, on: .standardOutput, mayWait: true)
        }
        let path = "\(folder.path)/\(try recorder.close().path)"
        var reader = try TerminalRecordingReader(path: path)
        var parts: [[UInt8]] = []
        try AsciicastExport.version2(&reader) { parts.append($0) }
        #expect(parts.count > 2 && parts.allSatisfy { $0.last == UInt8(ascii: "\n") })
        #expect(parts.joined().count { $0 == UInt8(ascii: "\n") } == 5001)
    }

    @Test("asciinema 2 prints what was recorded, to the byte")
    func asciinema() throws {
        let folder = RecordingsFolder()
        let recording = try record(folder)
        let cast = "\(folder.path)/export.cast"
        try Data(try exported(recording)).write(to: URL(filePath: cast))
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let venv =
            ProcessInfo.processInfo.environment["SALLYPORT_TEST_VENV"] ?? root.appendingPathComponent(".venv-test").path
        let program = "\(venv)/bin/asciinema"
        try #require(
            FileManager.default.isExecutableFile(atPath: program), "scripts/test-venv.sh makes \(venv)")
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["cat", cast]
        // Of its own, so that nothing is looked for or written in the home of who runs the tests.
        process.environment = ["ASCIINEMA_CONFIG_HOME": folder.path, "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(complaints)")
        #expect(Array(printed) == outputBytes(try terminalEvents(recording).events))
        #expect(printed.count == 51)
    }
}
