import Foundation
import Testing

@testable import SSHExec

/// Runs lines in real shells, where `rm` and what runs with other rights or elsewhere are harmless stand-ins.
struct ShellWorkshop {
    let folder: URL
    private var mark: URL { folder.appending(path: "mark") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "shell-\(UUID().uuidString)")
        let programs = folder.appending(path: "bin")
        try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
        try install("rm", ": > '\(mark.path)'", in: programs)
        for name in [
            "sudo", "doas", "su", "runuser", "ssh", "scp", "rsync", "chroot", "unshare", "nsenter", "systemd-run",
            "systemctl",
            "docker", "crontab", "at", "git", "apt-get", "tmux", "kill", "make", "dd", "script", "watch", "man",
            "tcpdump", "nc",
            "curl", "journalctl", "vim", "ed", "strace", "gdb", "ip",
        ] { try install(name, "exit 1", in: programs) }
    }

    private func install(_ name: String, _ script: String, in programs: URL) throws {
        let file = programs.appending(path: name)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    func discard() { try? FileManager.default.removeItem(at: folder) }

    /// Whether the shell, given the line as sshd gives it, ran the `rm` that comes first in `PATH`.
    func runsRm(_ line: String, shell: String) throws -> Bool {
        try? FileManager.default.removeItem(at: mark)
        let place = folder.appending(path: "place")
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try Data("y\n".utf8).write(to: place.appending(path: "f"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["-s", "KILL", "2", shell, "-c", line]
        process.environment = ["PATH": "\(folder.path)/bin:/usr/bin:/bin", "HOME": place.path]
        process.currentDirectoryURL = place
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return FileManager.default.fileExists(atPath: mark.path)
    }
}

@Suite("Shell command lines in real shells", .serialized)
struct ShellComparisonTests {
    static let shells = ["/bin/dash", "/bin/bash"].filter(FileManager.default.isExecutableFile)

    @Test("what a real shell runs is seen or opaque", arguments: shells)
    func disguises(_ shell: String) throws {
        let workshop = try ShellWorkshop()
        defer { workshop.discard() }
        var runs = 0
        for line in ShellDisguise.all.map(\.line) where !line.utf8.contains(0) {
            guard try workshop.runsRm(line, shell: shell) else { continue }
            runs += 1
            let script = ShellReaderTests.read(line)
            #expect(script.isOpaque || script.commands.contains { $0.name == "rm" }, "\(line)")
        }
        // Else the stand-in was never found, and nothing was compared.
        #expect(runs > 120)
    }

    @Test("no real shell runs rm where only its look-alike stands", arguments: shells)
    func lookalikes(_ shell: String) throws {
        let workshop = try ShellWorkshop()
        defer { workshop.discard() }
        for line in ShellLookalikes.all { #expect(try !workshop.runsRm(line, shell: shell), "\(line)") }
    }
}
