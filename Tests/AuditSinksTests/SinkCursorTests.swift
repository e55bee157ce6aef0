import Foundation
import Testing

@testable import AuditSinks

@Suite("The cursor of a sink")
struct SinkCursorTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cursor-\(UUID().uuidString)")
        .path

    @Test("what was stored is loaded, by its owner alone, and without a file it is the beginning")
    func stored() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = SinkCursorFile(folder: folder, sink: "siem")
        #expect(try file.load() == SinkCursor())
        for next in [1 as UInt64, 70_000] {
            try file.store(SinkCursor(next: next, lastDigest: "ab"))
            #expect(try file.load() == SinkCursor(next: next, lastDigest: "ab"))
        }
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? NSNumber
        #expect(mode?.uint16Value == 0o600)
    }

    @Test(
        "a file that is no cursor is not taken for the beginning",
        arguments: ["", "{", "[]", "{\"next\":-1,\"last_sha256\":\"ab\"}", "{\"next\":7}", "{\"last_sha256\":\"ab\"}"])
    func damaged(text: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = SinkCursorFile(folder: folder, sink: "siem")
        try text.write(toFile: file.path, atomically: true, encoding: .utf8)
        #expect(throws: SinkError.self) { try file.load() }
    }
}
