import Foundation
import Testing

/// What the commands say of a log in the hands of others.
extension ForeignCheckTests {
    private static func audit(_ arguments: String...) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(try Tools.sallyport, ["audit"] + arguments)
    }

    @Test("an entry that was changed is shown as such, and nobody gets a proof of it")
    func changed() async throws {
        let stage = try await Self.stage.value
        let copy = try stage.copy()
        defer { try? FileManager.default.removeItem(at: copy) }
        let good = try await Self.audit("show", "10", "--directory", copy.path)
        #expect(good.status == 0 && good.output.hasPrefix("entry 10, proved by "), "\(good)")
        try Attack.entry.change(copy)
        let shown = try await Self.audit("show", "10", "--directory", copy.path)
        #expect(shown.status == 1 && shown.output.contains("NOT the entry that was signed"), "\(shown)")
        let told = try await Self.audit("show", "10", "--directory", copy.path, "--output", "json")
        let json = try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any]
        #expect(told.status == 1 && json?["proved"] as? Bool == false && json?["fault"] is String, "\(told)")
        let file = stage.gateway.folder.path + "/changed.tlog-proof"
        let proved = try await Self.audit("prove", "10", "--directory", copy.path, "--file", file)
        #expect(proved.status == 1 && proved.errors.contains("NOT the entry that was signed"), "\(proved)")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try await Self.audit("show", "11", "--directory", copy.path).status == 0)

        try Attack.signature.change(copy)
        let unsigned = try await Self.audit("show", "11", "--directory", copy.path)
        #expect(unsigned.status == 1 && unsigned.output.contains("entry 11 is NOT proved"), "\(unsigned)")
        // Without a key the tree alone can be looked at, and it says so.
        let elsewhere = stage.gateway.folder.appendingPathComponent("elsewhere-\(UUID())")
        try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
        let moved = elsewhere.appendingPathComponent("audit")
        try FileManager.default.copyItem(at: copy, to: moved)
        let keyless = try await Self.audit("show", "11", "--directory", moved.path)
        #expect(keyless.status == 0 && keyless.output.contains("signature was not checked"), "\(keyless)")
        let given = try await Self.audit("show", "11", "--directory", moved.path, "--key", stage.verifiers.key)
        #expect(given.status == 1, "\(given)")

        for command in ["show", "prove"] {
            let beyond = try await Self.audit(command, "99999", "--directory", stage.log.path)
            #expect(beyond.status == 1 && beyond.errors.contains("the log has no entry 99999: it has "), "\(beyond)")
        }
    }

    @Test("that nothing vouches for the log's end is said, and where there is no log or key which one is meant")
    func told() async throws {
        let stage = try await Self.stage.value
        let open = "cannot be told from this copy alone"
        let alone = try await stage.verifiers.ours(stage.log)
        #expect(alone.status == 0 && alone.output.contains(open), "\(alone)")
        let since = try await stage.verifiers.ours(stage.log, "--since", stage.old).output
        #expect(!since.contains(open) && since.contains("entries are all there, by what was kept"), "\(since)")
        for (more, isVouched) in [([], false), (["--since", stage.old], true)] as [([String], Bool)] {
            let found = try await RunningProcess.run(
                try Tools.sallyport,
                ["audit", "verify", "--directory", stage.log.path, "--key", stage.verifiers.key, "--output", "json"]
                    + more)
            let json = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any]
            #expect((json?["vouched"] as? Int ?? 0 > 0) == isVouched, "\(found)")
        }

        let empty = stage.gateway.folder.appendingPathComponent("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        for folder in [empty.path, "/nonexistent"] {
            for command in [["verify"], ["show", "1"], ["prove", "1"], ["report", "--into", empty.path]] {
                let found = try await RunningProcess.run(
                    try Tools.sallyport,
                    ["audit"] + command + ["--directory", folder, "--key", stage.verifiers.key])
                #expect(
                    found.status == 69 && found.errors.contains("there is no audit log in \(folder)"),
                    "\(command): \(found)")
            }
        }
        let unknown = try await stage.verifiers.ours(stage.log, "--witness", "nofile")
        #expect(unknown.status == 69 && unknown.errors.contains("--witness takes a witness's public key"), "\(unknown)")
    }

    @Test("what standard output does not take is a failure, and no stream that is closed a crash")
    func unwritable() async throws {
        let stage = try await Self.stage.value
        let log = ["--directory", stage.log.path, "--key", stage.verifiers.key]
        func run(_ redirection: String, _ arguments: [String]) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                "/bin/sh", ["-c", "exec \"$0\" \"$@\" \(redirection)", try Tools.sallyport, "audit"] + arguments)
        }
        let commands = [["verify"] + log, ["show", "5"] + log, ["prove", "5"] + log, ["schema"]] as [[String]]
        for arguments in commands + [["export", "--directory", stage.log.path]] {
            let full = try await run("> /dev/full", arguments)
            #expect(
                full.status == 69 && full.errors.contains("cannot be written: No space left on device"),
                "\(arguments): \(full)")
            let closed = try await run(">&-", arguments)
            #expect(
                closed.status == 69 && closed.errors.contains("cannot be written: Bad file descriptor"),
                "\(arguments): \(closed)")
        }
        #expect(try await run("2>&-", ["show", "99999"] + log).status == 1)
    }

    @Test("the script for auditors tells what it was given wrongly from a log that is wrong")
    func usage() async throws {
        let stage = try await Self.stage.value
        let key = stage.verifiers.key
        for arguments in [
            ["consistency", stage.consistency, key], ["log", "/nonexistent", key], ["log", stage.log.path, "nofile"],
            ["log", stage.log.path, key, "--since", "/nonexistent"], ["proof", "/nonexistent", key],
            ["log", stage.log.path, stage.old], ["log", stage.log.path, key, "--witness", key],
        ] {
            let refused = try await RunningProcess.run(try Tools.python(), [ForeignVerifiers.script] + arguments)
            #expect(refused.status == 2 && !refused.errors.contains("WRONG"), "\(arguments): \(refused)")
            #expect(refused.errors.contains("cannot be read: ") || arguments[0] == "consistency", "\(refused)")
        }
    }
}
