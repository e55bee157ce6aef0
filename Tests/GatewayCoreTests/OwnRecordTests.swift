import Audit
import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import GatewayCore

@Suite("Reading back what callers had the gateway write")
struct OwnRecordTests {
    private static let session = UUIDv7(milliseconds: 1_790_000_000_000)
    private static let command = UUIDv7(milliseconds: 1_790_000_001_000)
    private static let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)

    private static func entry(_ kind: String, _ members: String) -> AuditEntry {
        let text =
            #"{\#(members),"kind":"\#(kind)","session":"\#(session)","time":"2026-09-21T14:13:20.000Z","v":1}"#
        return AuditEntry(bytes: Array(text.utf8))
    }

    private static func outcome(masked counts: String...) -> AuditEntry {
        let masked = counts.map { #"{"count":\#($0),"rule":"pii","selector":"s"}"# }.joined(separator: ",")
        return entry(
            "outcome",
            #""command":"\#(command)","outcome":{"kind":"failed","masked":[\#(masked)],"status":"a\u0000"}"#)
    }

    /// With an index in a folder that goes away.
    private func withIndex(_ body: (SessionIndex) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("index-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(SessionIndex(try AuditIndex.kept(at: "\(folder.path)/index.sqlite")))
    }

    private static let start = entry(
        "session-start",
        #""caller":{"issuer":"https://idp","subject":"alice"},"client":"a\u0000","target":{"kind":"ssh","name":"web"}"#)

    @Test("sessions are found and counted with NUL characters in their entries")
    func sessions() async throws {
        try await withIndex { index in
            let entries = [
                Self.start, Self.outcome(masked: "2"), Self.entry("session-end", #""reason":"gone \u0000""#),
            ]
            try index.index.add(entries, from: 0)
            let session = try #require(try await index.session(Self.session))
            #expect(session.target == "web" && session.masked == 2 && session.failed == 1 && session.ended != nil)
        }
    }

    @Test("numbers that no gateway writes are counted as the largest that there is")
    func hugeCounts() async throws {
        try await withIndex { index in
            let most = "9223372036854775807"
            try index.index.add([Self.start, Self.outcome(masked: most, most), Self.outcome(masked: most)], from: 0)
            try index.index.add([Self.outcome(masked: most)], from: 3)
            try index.index.add([Self.outcome(masked: "-9223372036854775808", "-1")], from: 4)
            let session = try #require(try await index.session(Self.session))
            #expect(session.masked == Int.max && session.failed == 4)
        }
    }

    @Test("facets with NUL characters are unescaped")
    func facets() {
        var scanner = FacetScanner()
        scanner.scan(Array(#"{"action":"x\u0000y","kind":"console","rule":"\u0000"}"#.utf8))
        #expect(scanner.facets.actions == ExactText("x\0y") && scanner.facets.rule == ExactText("\0"))
    }

    @Test("commands under masking rules are seen whatever stands in them")
    func masking() {
        var masking = SessionMasking()
        let command = #"{"parameters":[{"value":\#(Self.deep)}],"text":"id\u0000"}"#
        masking.add(
            Self.entry(
                "intent", #""command":\#(command),"decision":{"masks":["pii"],"policy":"p"},"id":"\#(Self.command)""#))
        #expect(masking.commands.count == 1)
    }

    @Test("policies are remembered with whatever their files hold")
    func inForce() throws {
        let now = try InForceFixture.inForce(
            "permit(principal, action, resource) when { resource.name == \"a\\0\" };\n// \u{1}\0")
        let read = try #require(InForce(bytes: now.bytes(recordedIn: 7), in: 7))
        #expect(read.policy.digest == now.policy.digest)
    }
}
