import Crypto
import Foundation
import Testing

@testable import SSHExec

private struct SecretMasker: SFTPContentMasker {
    func masked(_ content: [UInt8], path: String) throws(SFTPUnmaskable) -> [UInt8] { try masked(text: content) }

    func masked(text: [UInt8]) throws(SFTPUnmaskable) -> [UInt8] {
        guard let text = String(validating: text, as: UTF8.self) else { throw SFTPUnmaskable(reason: "it is no text") }
        return Array(text.replacing("secret", with: "***").utf8)
    }
}

@Suite(
    "OpenSSH's sftp and sftp-server through the relay", .enabled(if: SFTPLocalServer.isInstalled), .serialized,
    .timeLimit(.minutes(2)))
struct SFTPOpenSSHTests {
    /// More than the largest packet, and no multiple of anything.
    private static func content(_ size: Int) -> Data {
        var random = SFTPSeededGenerator(state: UInt64(size))
        let line = Data((0..<4099).map { _ in UInt8.random(in: 0...255, using: &random) })
        var content = Data(capacity: size + line.count)
        while content.count < size { content.append(line) }
        return content.prefix(size)
    }

    private static func digest(_ content: Data) -> SFTPContentDigest { .sha256(Array(SHA256.hash(data: content))) }

    @Test("work as without it, each request is decided, and files are hashed")
    func everything() throws {
        let server = try SFTPLocalServer()
        defer { server.remove() }
        let host = server.host.path
        let put = Self.content(1_234_567)
        let got = Self.content(2_345_678)
        try put.write(to: server.caller.appendingPathComponent("put"))
        try got.write(to: server.host.appendingPathComponent("get"))
        try Data("kept".utf8).write(to: server.host.appendingPathComponent("kept"))
        let result = try server.run([
            "pwd", "put put uploaded", "get get fetched", "ls -l", "mkdir dir", "rename uploaded dir/moved",
            "ln -s dir/moved link", "ln dir/moved hard", "chmod 600 dir/moved", "df", "-rm kept", "-rm ./../host//kept",
            "rm hard", "mkdir empty", "rmdir empty", "cp get copied", "ls dir", "-rm absent", "bye",
        ]) { request in
            request.paths.contains { $0.normalised.hasSuffix("/host/kept") } && request.operations == [.remove]
                ? .refuse("kept by rule 1") : .permit
        }
        #expect(result.violation == nil)
        #expect(result.exitStatus == 0, "\(result.output)")
        #expect(try Data(contentsOf: server.host.appendingPathComponent("dir/moved")) == put)
        #expect(try Data(contentsOf: server.caller.appendingPathComponent("fetched")) == got)
        #expect(try Data(contentsOf: server.host.appendingPathComponent("copied")) == got)
        #expect(try Data(contentsOf: server.host.appendingPathComponent("kept")) == Data("kept".utf8))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(host)/link")
        #expect(link == "dir/moved")
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(host)/dir/moved")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        for absent in ["hard", "empty", "uploaded"] {
            #expect(!FileManager.default.fileExists(atPath: "\(host)/\(absent)"))
        }
        #expect(result.output.components(separatedBy: "Permission denied").count == 3, "\(result.output)")
        #expect(result.output.contains("%Capacity"))
        #expect(result.output.contains("dir/moved"))

        let operations = Set(result.requests.flatMap(\.operations))
        #expect(operations == Set(SFTPOperation.allCases))
        #expect(result.outcomes.count == result.permitted.count)
        let written = result.outcome(of: .write, "\(host)/uploaded")
        let writeTransfer = SFTPTransfer(bytesWritten: UInt64(put.count), written: Self.digest(put))
        #expect(written == SFTPOutcome(.succeeded, transfer: writeTransfer))
        let read = result.outcome(of: .read, "\(host)/get")
        let readTransfer = SFTPTransfer(bytesRead: UInt64(got.count), read: Self.digest(got), readToEnd: true)
        #expect(read == SFTPOutcome(.succeeded, transfer: readTransfer))
        let absent = result.outcome(of: .remove, "\(host)/absent")
        #expect(absent?.ending == .failed(SFTPStatus(code: .noSuchFile, message: "No such file")))
    }

    @Test("get a masked copy under a masking rule, and nothing of what is no text")
    func masked() throws {
        let server = try SFTPLocalServer()
        defer { server.remove() }
        let text = String(repeating: "a secret is told to 7 of 9\n", count: 40_000)
        try Data(text.utf8).write(to: server.host.appendingPathComponent("text"))
        try Data([0xff, 0xfe, 0]).write(to: server.host.appendingPathComponent("binary"))
        let result = try server.run(["get text", "-get binary", "-rm binary"]) { _ in .mask(SecretMasker()) }
        #expect(result.violation == nil)
        #expect(result.exitStatus == 0, "\(result.output)")
        let masked = Data(text.replacing("secret", with: "***").utf8)
        #expect(try Data(contentsOf: server.caller.appendingPathComponent("text")) == masked)
        let transfer = try #require(result.outcome(of: .read, "\(server.host.path)/text")?.transfer)
        #expect(transfer.masked)
        #expect(transfer.read == Self.digest(masked))
        #expect(!FileManager.default.fileExists(atPath: server.caller.appendingPathComponent("binary").path))
        #expect(result.output.contains("Permission denied"))
    }

    @Test("walk up by `..` as without it, and reach what was decided and nothing else")
    func parents() throws {
        let server = try SFTPLocalServer()
        defer { server.remove() }
        let host = server.host.path
        for folder in ["etc", "var", "elsewhere/run"] {
            try FileManager.default.createDirectory(atPath: "\(host)/\(folder)", withIntermediateDirectories: true)
        }
        try Data("hidden".utf8).write(to: server.host.appendingPathComponent("elsewhere/kept"))
        try Data("shown".utf8).write(to: server.host.appendingPathComponent("var/kept"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(host)/var/run", withDestinationPath: "\(host)/elsewhere/run")
        let result = try server.run([
            "cd var", "ls ..", "get run/../kept first", "cd ..", "pwd", "get var/run/../kept second", "cd var/run/..",
            "pwd", "-get ../elsewhere/kept third", "rename kept ../etc/moved", "cd ..", "ls -l etc/../etc",
            "ln -s ../elsewhere/kept etc/link",
        ]) { request in
            request.paths.contains { $0.normalised.hasSuffix("/elsewhere/kept") } && request.operations == [.read]
                ? .refuse("hidden by rule 1") : .permit
        }
        #expect(result.violation == nil)
        #expect(result.exitStatus == 0, "\(result.output)")
        for name in ["first", "second"] {
            let got = try Data(contentsOf: server.caller.appendingPathComponent(name))
            #expect(got == Data("shown".utf8), "\(result.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: server.caller.appendingPathComponent("third").path))
        let moved = try Data(contentsOf: server.host.appendingPathComponent("etc/moved"))
        #expect(moved == Data("shown".utf8))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(host)/etc/link")
        #expect(link == "../elsewhere/kept")
        #expect(result.output.contains("Remote working directory: \(host)/var\n"), "\(result.output)")
        #expect(result.output.contains("elsewhere"))
    }

    @Test("show names masked under a masking rule")
    func maskedNames() throws {
        let server = try SFTPLocalServer()
        defer { server.remove() }
        try Data().write(to: server.host.appendingPathComponent("a secret name"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(server.host.path)/link", withDestinationPath: "a secret name")
        let result = try server.run(["ls -l", "ls -1", "-get 'a secret name'"]) { _ in .mask(SecretMasker()) }
        #expect(result.violation == nil)
        #expect(result.exitStatus == 0, "\(result.output)")
        #expect(result.output.contains("a *** name"), "\(result.output)")
        let told = result.output.split(separator: "\n").filter { !$0.hasPrefix("sftp>") && $0.contains("secret") }
        #expect(told.isEmpty, "\(result.output)")
        #expect(result.outcomes.count == result.permitted.count)
    }
}
