import Foundation
import Testing

@testable import AuditSinks

@Suite("The file of a sink")
struct FileTransportTests {
    @Test(
        "lines go on in the file that stands at the path, whether another one or none was put where the old one was",
        arguments: [true, false])
    func rotated(isMade: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("archive.jsonl").path
        let transport = FileTransport(path: path)
        try await transport.send(.sample(["1", "2"]))
        try FileManager.default.moveItem(atPath: path, toPath: "\(path).1")
        // What logrotate calls create.
        if isMade { try #require(FileManager.default.createFile(atPath: path, contents: nil)) }
        try await transport.send(.sample(["3"]))
        try await transport.send(.sample(["4"]))
        #expect(try String(contentsOfFile: "\(path).1", encoding: .utf8) == "1\n2\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "3\n4\n")
    }
}
