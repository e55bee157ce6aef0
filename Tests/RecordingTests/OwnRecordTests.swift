import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import Recording

@Suite("Recordings of whatever callers send")
struct OwnRecordTests {
    @Test("NUL characters come back as they were recorded")
    func nul() throws {
        let folder = RecordingsFolder()
        let recorder = try SessionRecorder(directory: folder.path, header: SampleSession.header)
        let event = RecordingEvent(offset: 3, kind: .request, head: [RecordingField("", "id\0")], body: "a\0b")
        try recorder.record(event)
        let summary = try recorder.close(synchronizing: false)
        var reader = try RecordingReader(path: "\(folder.path)/\(summary.path)")
        let read = try reader.next()
        #expect(read == event)
        #expect(Replay.steps([event])[0].text.contains("id\u{2400}"))
    }

    @Test("an entry with NUL characters, or with a body as deep as one may be, is part of its session")
    func entries() throws {
        let folder = RecordingsFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let body = try JSONValue(
            parsing: String(repeating: "[", count: 128) + String(repeating: "]", count: 128))
        let entry: JSONValue = [
            "command": ["parameters": [["name": "body", "value": body]], "text": "id\0"],
            "decision": ["rule": "r"], "kind": "refusal", "time": "2026-11-23T08:00:00.000Z",
        ]
        let path = "\(folder.path)/entries"
        try Data(entry.canonicalBytes + [0x0a]).write(to: URL(fileURLWithPath: path))
        let reader = try LoggedEventReader(path: path)
        let event = try #require(try reader.next())
        #expect(event.entry == entry && event.text(isRecorded: false).contains("id\u{2400}"))
    }
}
