import Foundation
import Testing

@testable import sallyport

@Suite("Files that a command makes")
struct OutputFileTests {
    private static func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func failure(_ body: () throws -> Void) throws -> String {
        do {
            try body()
        } catch let error as CommandFailure {
            #expect(error.status == .unavailable)
            return error.description
        }
        return "it was made"
    }

    @Test("are there whole, in the place of what was there before, and nothing else is left")
    func written() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let large = [UInt8](repeating: 7, count: 300_000)
        for bytes in [large, Array("second".utf8), []] {
            try OutputFile.replace("\(folder)/report", with: bytes)
            #expect(FileManager.default.contents(atPath: "\(folder)/report") == Data(bytes))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["report"])
        try OutputFile.makeFolder("\(folder)/a/b/")
        try OutputFile.makeFolder("\(folder)/a/b")
        try OutputFile.replace("\(folder)/a/b/report", with: large)
    }

    @Test("that cannot be made are told by their path and the system's reason")
    func refused() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(
            try Self.failure { try OutputFile.replace("\(folder)/none/report", with: []) }
                == "\(folder)/none/report cannot be written: the folder \(folder)/none does not exist")
        try OutputFile.makeFolder("\(folder)/there")
        #expect(
            try Self.failure { try OutputFile.replace("\(folder)/there", with: [1]) }
                == "\(folder)/there cannot be written: Is a directory")
        try OutputFile.replace("\(folder)/file", with: [1])
        #expect(
            try Self.failure { try OutputFile.makeFolder("\(folder)/file/below") }
                == "the folder \(folder)/file cannot be made: File exists")
        #expect(
            try Self.failure { try OutputFile.replace("\(folder)/file/report", with: [1]) }
                == "\(folder)/file/report cannot be written: Not a directory")
        // Nothing half made is left.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "there"])
    }
}
