import Foundation
import SSHCredentials
import Testing

/// A key as OpenSSH's own tool makes and reads it, in a folder of its own.
final class OpenSSHKey {
    private let folder: URL
    let line: String

    /// - Parameter arguments: What `ssh-keygen` shall make.
    init(_ arguments: [String]) throws {
        folder = try Self.newFolder()
        let path = folder.appendingPathComponent("key").path
        _ = try Self.keygen(arguments + ["-q", "-N", "", "-C", "a comment", "-f", path])
        line = try String(contentsOfFile: "\(path).pub", encoding: .utf8)
    }

    /// - Parameter line: A `.pub` file's.
    init(line: String) throws {
        folder = try Self.newFolder()
        self.line = line
        try "\(line)\n".write(to: folder.appendingPathComponent("key.pub"), atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// As `ssh-keygen -l` prints it.
    func fingerprint() throws -> String {
        let text = try Self.keygen(["-l", "-f", folder.appendingPathComponent("key.pub").path])
        return try #require(text.split(separator: " ").dropFirst().first.map(String.init))
    }

    func privateKey() throws -> String {
        try String(contentsOf: folder.appendingPathComponent("key"), encoding: .utf8)
    }

    /// A certificate for this key by another.
    func certified(by authority: OpenSSHKey, _ options: String...) throws -> OpenSSHCertificate {
        try certified(by: authority, options)
    }

    func certified(by authority: OpenSSHKey, _ options: [String]) throws -> OpenSSHCertificate {
        let path = folder.appendingPathComponent("key").path
        _ = try Self.keygen(
            ["-q", "-s", authority.folder.appendingPathComponent("key").path] + options + ["\(path).pub"])
        let words = try String(contentsOfFile: "\(path)-cert.pub", encoding: .utf8).split(separator: " ")
        return try OpenSSHCertificate(blob: Array(try #require(Data(base64Encoded: String(words[1])))))
    }

    private static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("key-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func keygen(_ arguments: [String]) throws -> String {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = ["ssh-keygen"] + arguments
        let output = Pipe()
        program.standardOutput = output
        program.standardError = output
        try program.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        program.waitUntilExit()
        try #require(program.terminationStatus == 0, "ssh-keygen \(arguments): \(text)")
        return text
    }
}

/// SSH's wire form (RFC 4251 section 5).
enum WireForm {
    static func string(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }

    static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
}
