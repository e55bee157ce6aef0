import Foundation
import Testing

/// The log that a gateway writes, in the hands of those who do not trust it.
@Suite("The audit log before strangers, end to end", .serialized)
struct ForeignCheckTests {
    private struct Stage: Sendable {
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
    private static let stage = Task {
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

        let entry = try await stage.gateway.auditEntries()[300]
        for checked in [
            try await stage.verifiers.python("proof", stage.proof),
            try await RunningProcess.run(
                try Tools.sallyport, ["audit", "check-proof", stage.proof, "--key", stage.verifiers.key]),
        ] {
            #expect(checked.status == 0, "\(checked)")
            let shown = try JSONSerialization.jsonObject(with: Data(checked.output.utf8)) as? [String: Any]
            #expect(shown?["id"] as? String == entry["id"] as? String && shown?["id"] != nil)
        }
        #expect(try await stage.verifiers.go("proof", stage.proof).status == 0)
        #expect(try await stage.verifiers.go("consistency", stage.consistency, stage.old).status == 0)
        let grew = try await stage.verifiers.python("consistency", stage.consistency, "--since", stage.old)
        #expect(grew.output.contains("grew from"), "\(grew)")
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
        "whoever changes the files is found by all three, and told apart by the gateway's own",
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
