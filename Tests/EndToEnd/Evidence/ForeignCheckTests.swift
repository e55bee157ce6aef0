import Foundation
import Testing

/// The log that a gateway writes, in the hands of those who do not trust it.
@Suite("The audit log before strangers, end to end", .serialized)
struct ForeignCheckTests {
    struct Stage: Sendable {
        let gateway: TestGateway
        let verifiers: ForeignVerifiers
        /// The log as it was when it was stopped.
        let log: URL
        /// A checkpoint of some time before, and a proof of an entry.
        let old: String
        let proof: String
        let consistency: String

        func copy() throws -> URL {
            let copy = log.deletingLastPathComponent().appendingPathComponent("copy-\(UUID().uuidString)")
            try FileManager.default.copyItem(at: log, to: copy)
            return copy
        }
    }

    /// Enough calls that the tree has two levels.
    static let stage = Task {
        let gateway = try await TestGateway.payments()
        let token = try await gateway.issuer.token(for: "alice")
        let old = gateway.folder.path + "/old-checkpoint"
        for round in 0..<2 {
            let called = try await RunningProcess.run(
                try Tools.system("curl"),
                [
                    "-sS", "-o", "/dev/null", "-H", "Authorization: Bearer \(token)",
                    "\(gateway.url)/payments/customer.json?n=[1-150]",
                ])
            guard called.status == 0 else { throw TestFailure("\(called)") }
            try await Task.sleep(for: .seconds(1))
            if round == 0 {
                try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint", toPath: old)
            }
        }
        guard try await gateway.stop() == 0 else { throw TestFailure("the gateway did not stop") }
        let proof = gateway.folder.path + "/entry.tlog-proof"
        let consistency = gateway.folder.path + "/consistency"
        for arguments in [
            ["audit", "prove", "300", "--file", proof], ["audit", "consistency", old, "--file", consistency],
        ] {
            let made = try await RunningProcess.run(try Tools.sallyport, arguments, in: gateway.folder)
            guard made.status == 0 else { throw TestFailure("\(arguments): \(made)") }
        }
        return Stage(
            gateway: gateway,
            verifiers: try await ForeignVerifiers(
                key: gateway.stateFolder.path + "/log.vkey", folder: gateway.folder),
            log: gateway.auditFolder, old: old, proof: proof, consistency: consistency)
    }

    @Test("Go's checksum database, a script by the specifications, and the gateway's verifier agree")
    func agreed() async throws {
        let stage = try await Self.stage.value
        let ours = try await stage.verifiers.ours(stage.log, "--since", stage.old)
        #expect(ours.status == 0, "\(ours)")
        let size = try #require(
            String(contentsOf: stage.log.appendingPathComponent("checkpoint"), encoding: .utf8)
                .split(separator: "\n").dropFirst().first)
        #expect(Int(size) ?? 0 > 600)
        #expect(try await stage.verifiers.go("log", stage.log.path).output == "\(size)\n")
        let python = try await stage.verifiers.python("log", stage.log.path, "--since", stage.old)
        #expect(python.output.contains("\(size) entries"), "\(python)")
        let count = try #require(Int(size))
        #expect(try await stage.verifiers.root(of: stage.log, size: count) == Self.root(stage.log))
        let grown = try await stage.verifiers.aics(
            ["verify-consistency", "--tiles", stage.log.path, "--old-checkpoint", stage.old])
        #expect(grown.status == 0 && grown.output.contains("\"new_size\": \(size)"), "\(grown)")
        let taken = stage.gateway.folder.path + "/entry-300"
        let included = try await stage.verifiers.aics(
            ["verify-inclusion", "--tiles", stage.log.path, "--index", "300", "--entry-out", taken])
        #expect(included.status == 0, "\(included)")

        let entry = try await stage.gateway.auditEntriesInLogOrder()[300]
        for checked in [
            try await stage.verifiers.python("proof", stage.proof),
            try await RunningProcess.run(
                try Tools.sallyport, ["audit", "check-proof", stage.proof, "--key", stage.verifiers.key]),
        ] {
            #expect(checked.status == 0, "\(checked)")
            let shown = try JSONSerialization.jsonObject(with: Data(checked.output.utf8)) as? [String: Any]
            #expect(shown?["id"] as? String == entry["id"] as? String && shown?["id"] != nil)
        }
        let read = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: taken)))
        #expect((read as? [String: Any])?["id"] as? String == entry["id"] as? String)
        #expect(try await stage.verifiers.go("proof", stage.proof).status == 0)
        #expect(try await stage.verifiers.go("consistency", stage.consistency, stage.old).status == 0)
        let grew = try await stage.verifiers.python("consistency", stage.consistency, "--since", stage.old)
        #expect(grew.output.contains("grew from"), "\(grew)")
    }

    /// The root that a log's checkpoint signs.
    private static func root(_ log: URL) throws -> String {
        let lines = try String(contentsOf: log.appendingPathComponent("checkpoint"), encoding: .utf8).split(
            separator: "\n")
        return lines.count > 2 ? String(lines[2]) : ""
    }

    @Test("the script for auditors has at most 200 lines, and needs one package beside Python's own")
    func script() async throws {
        let text = try String(contentsOfFile: ForeignVerifiers.script, encoding: .utf8)
        #expect(text.hasSuffix("\n") && text.split(separator: "\n", omittingEmptySubsequences: false).count <= 201)
        let longest = text.split(separator: "\n").map(\.count).max() ?? 0
        #expect(longest <= 120)
        let imported = try await RunningProcess.run(
            try Tools.python(),
            [
                "-c",
                """
                import ast, sys
                names = set()
                for node in ast.walk(ast.parse(open(sys.argv[1]).read())):
                    if isinstance(node, ast.Import):
                        names |= {alias.name.split(".")[0] for alias in node.names}
                    if isinstance(node, ast.ImportFrom):
                        names.add("." * node.level + (node.module or "").split(".")[0])
                print(*sorted(names - sys.stdlib_module_names))
                """, ForeignVerifiers.script,
            ])
        #expect(imported.output == "cryptography\n", "\(imported)")
    }

    @Test("between two sizes, two checkpoints, or one of each, the log proves that it grew, and never the other way")
    func consistencies() async throws {
        let stage = try await Self.stage.value
        let size = try #require(
            try String(contentsOfFile: stage.old, encoding: .utf8).split(separator: "\n").dropFirst().first.flatMap {
                Int($0)
            })
        let newest = stage.log.path + "/checkpoint"
        func prove(_ old: String, _ new: String, _ file: String) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                try Tools.sallyport, ["audit", "consistency", old, new, "--file", file], in: stage.gateway.folder)
        }
        let file = stage.gateway.folder.path + "/between"
        for (old, new) in [
            (stage.old, newest), (String(size), newest), (stage.old, String(size + 10)),
            (String(size), String(size + 10)), (stage.old, stage.old), ("0", "1"), ("1", stage.old),
        ] {
            let made = try await prove(old, new, file)
            #expect(made.status == 0, "\(old) \(new): \(made)")
            // Of so many entries no checkpoint was kept: the proof is under one that covers them.
            #expect(made.errors.contains("there is no checkpoint of") == (Int(new) != nil), "\(made)")
            if old == String(size) || old == stage.old {
                let checked = try await stage.verifiers.python("consistency", file, "--since", stage.old)
                #expect(checked.status == 0, "\(old) \(new): \(checked)")
            }
        }
        for (old, new) in [(newest, stage.old), (String(size + 1), stage.old), ("2", "1")] {
            let made = try await prove(old, new, file)
            #expect(made.status == 1 && made.errors.contains("they are swapped"), "\(old) \(new): \(made)")
        }
        let beyond = try await prove("1", "1000000", file)
        #expect(beyond.status == 69, "\(beyond)")
    }

    /// One file of the log, changed as somebody with the disk would.
    enum Attack: String, CaseIterable, CustomTestStringConvertible {
        case entry = "a changed byte of an entry"
        case hash = "a changed byte of a leaf's hash"
        case tile = "a changed byte of a hash above"
        case signature = "a changed byte of the signature"
        case root = "another root in the checkpoint"
        case last = "the last entry dropped"
        case swapped = "two entries swapped"
        case missing = "a bundle removed"

        var testDescription: String { rawValue }

        /// What the gateway's verifier says of it.
        var named: String {
            switch self {
            case .entry: "entry 10"
            case .hash: "entry 3"
            case .tile: "tile/1/000"
            case .signature, .root: "checkpoint"
            case .last: "entry"
            case .swapped: "entry 0"
            case .missing: "tile/entries/001"
            }
        }

        /// An entry that nobody can prove any longer; `nil` for the last one.
        var hit: Int? {
            switch self {
            case .entry: 10
            case .hash: 3
            case .tile, .signature, .root, .swapped: 0
            case .last: nil
            case .missing: 300
            }
        }

        func change(_ log: URL) throws {
            func edit(_ name: String, _ body: (inout Data) -> Void) throws {
                let file = log.appendingPathComponent(name)
                var data = try Data(contentsOf: file)
                body(&data)
                try data.write(to: file)
            }
            /// Where each entry of a bundle starts.
            func starts(_ data: Data) -> [Int] {
                var starts = [0]
                while let start = starts.last, start + 2 <= data.count {
                    starts.append(start + 2 + Int(data[start]) << 8 + Int(data[start + 1]))
                }
                return starts
            }
            switch self {
            case .entry: try edit("tile/entries/000") { $0[starts($0)[10] + 30] ^= 1 }
            case .hash: try edit("tile/0/000") { $0[3 * 32] ^= 1 }
            case .tile:
                let partial = try FileManager.default.contentsOfDirectory(atPath: log.path + "/tile/1/000.p")
                for width in partial { try edit("tile/1/000.p/\(width)") { $0[0] ^= 1 } }
            case .signature:
                try edit("checkpoint") { data in
                    let place = data.count - 20
                    data[place] = data[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                }
            case .root:
                try edit("checkpoint") { data in
                    let place = data.firstIndex(of: 0x0a)! + 10
                    data[place] = data[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                }
            case .last:
                let partial = try FileManager.default.contentsOfDirectory(atPath: log.path + "/tile/entries/002.p")
                for width in partial {
                    try edit("tile/entries/002.p/\(width)") { data in
                        data.removeSubrange(starts(data).dropLast().last!...)
                    }
                }
            case .swapped:
                try edit("tile/entries/000") { data in
                    let starts = starts(data)
                    let (first, second) = (data[..<starts[1]], data[starts[1]..<starts[2]])
                    data.replaceSubrange(..<starts[2], with: second + first)
                }
            case .missing: try FileManager.default.removeItem(at: log.appendingPathComponent("tile/entries/001"))
            }
        }
    }

    @Test(
        "whoever changes the files is found by all, and told apart by the gateway's own",
        arguments: Attack.allCases)
    func attacked(attack: Attack) async throws {
        let stage = try await Self.stage.value
        let copy = try stage.copy()
        defer { try? FileManager.default.removeItem(at: copy) }
        try attack.change(copy)
        let ours = try await stage.verifiers.ours(copy)
        #expect(ours.status == 1 && ours.output.contains(attack.named), "\(ours)")
        let python = try await stage.verifiers.python("log", copy.path)
        #expect(python.status == 1 && python.errors.contains("WRONG"), "\(python)")
        let go = try await stage.verifiers.go("log", copy.path)
        #expect(go.status == 1 && go.errors.contains("WRONG"), "\(go)")
        let size = try #require(
            String(contentsOf: stage.log.appendingPathComponent("checkpoint"), encoding: .utf8)
                .split(separator: "\n").dropFirst().first.flatMap { Int($0) })
        let taken = copy.deletingLastPathComponent().path + "/taken-\(UUID().uuidString)"
        let aics = try await stage.verifiers.aics(
            ["verify-inclusion", "--tiles", copy.path, "--index", String(attack.hit ?? size - 1), "--entry-out", taken])
        #expect(aics.status == 1 && aics.output.contains("\"ok\": false"), "\(aics)")
        // Whoever has the entries alone sees it too, where it is they that were changed.
        switch attack {
        case .entry, .last, .swapped, .root:
            #expect(try await stage.verifiers.root(of: copy, size: size) != Self.root(copy))
        case .missing: await #expect(throws: TestFailure.self) { try await stage.verifiers.root(of: copy, size: size) }
        case .hash, .tile, .signature: #expect(try await stage.verifiers.root(of: copy, size: size) == Self.root(copy))
        }
    }

    @Test("a proof for another entry, or from a log that did not grow, convinces nobody")
    func proofs() async throws {
        let stage = try await Self.stage.value
        let text = try String(contentsOfFile: stage.proof, encoding: .utf8)
        let forged = stage.gateway.folder.path + "/forged.tlog-proof"
        try text.replacing("index 300", with: "index 301").write(toFile: forged, atomically: true, encoding: .utf8)
        let ours = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "check-proof", forged, "--key", stage.verifiers.key])
        #expect(ours.status == 1 && ours.errors.contains("not entry 301"), "\(ours)")
        #expect(try await stage.verifiers.python("proof", forged).status == 1)
        #expect(try await stage.verifiers.go("proof", forged).status == 1)

        var lines = try String(contentsOfFile: stage.consistency, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        lines.swapAt(1, 2)
        let broken = stage.gateway.folder.path + "/broken"
        try lines.joined(separator: "\n").write(toFile: broken, atomically: true, encoding: .utf8)
        #expect(try await stage.verifiers.python("consistency", broken, "--since", stage.old).status == 1)
        #expect(try await stage.verifiers.go("consistency", broken, stage.old).status == 1)
    }
}
