import Foundation
import SSHCredentials

/// Keys and certificates by the real `ssh-keygen`, in a folder that goes away with it.
package final class KeygenWorkshop {
    package struct Failure: Error {
        package let output: String
        package init(output: String) { self.output = output }
    }

    package let directory: URL

    package init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("keygen-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    package func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    package func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path(name))
    }

    package func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
    }

    @discardableResult
    package func keygen(_ arguments: [String], input: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ["TZ": "UTC", "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        if let input {
            let pipe = Pipe()
            // Before the program runs: the few bytes wait in the pipe.
            try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try pipe.fileHandleForWriting.close()
            process.standardInput = pipe
        }
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(output: text) }
        return text
    }

    /// Makes a key, of a type as `ssh-keygen -t` and `-b` name it: `ed25519`, `ecdsa 384`, `rsa 2048`.
    @discardableResult
    package func makeKey(_ name: String, type: String = "ed25519") throws -> SSHVerificationKey {
        let words = type.split(separator: " ").map(String.init)
        let bits = words.count == 2 ? ["-b", words[1]] : []
        try keygen(["-q", "-t", words[0], "-N", "", "-C", "of a test", "-f", path(name)] + bits)
        return try SSHVerificationKey(line: try read("\(name).pub"))
    }

    /// Certifies the public key in `key.pub`.
    package func certify(_ key: String, by authority: String, _ options: [String]) throws -> [UInt8] {
        try keygen(["-q", "-s", path(authority), "-I", "anna's key"] + options + [path("\(key).pub")])
        return try Self.blob(in: try read("\(key)-cert.pub"))
    }

    package static func blob(in line: String) throws -> [UInt8] {
        guard let word = line.split(separator: " ").dropFirst().first, let blob = Data(base64Encoded: String(word))
        else { throw Failure(output: line) }
        return Array(blob)
    }

    package static let keyTypes = ["ed25519", "ecdsa 256", "ecdsa 384", "ecdsa 521", "rsa 2048"]
}
