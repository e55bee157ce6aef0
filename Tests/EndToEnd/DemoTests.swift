import Foundation
import Testing

@Suite("The demo", .serialized)
struct DemoTests {
    @Test("shows the main job, twice in the same folder")
    func runs() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("demo-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for _ in 0..<2 {
            let finished = try await RunningProcess.run(
                try Tools.sallyport, ["demo", "--folder", folder.path, "--no-stay"], within: 180)
            #expect(finished.status == 0, "\(finished.output.suffix(2000))\(finished.errors)")
            #expect(finished.output.contains("WRONG  entry 2"))
            #expect(finished.output.contains("The rule is no-unbounded-writes."))
            #expect(!finished.output.contains("536-22-8741"))
        }
    }

    @Test("does not empty a folder that is not its own")
    func foreignFolder() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mine-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("thesis.txt")
        try Data("years of work".utf8).write(to: file)
        let finished = try await RunningProcess.run(
            try Tools.sallyport, ["demo", "--folder", folder.path, "--no-stay"])
        #expect(finished.status != 0)
        #expect(FileManager.default.fileExists(atPath: file.path))
    }
}
