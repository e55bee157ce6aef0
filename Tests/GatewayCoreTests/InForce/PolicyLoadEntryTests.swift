import Crypto
import Identifiers
import Policy
import StrictJSON
import Testing

@testable import GatewayCore

@Suite("What a policy load says of policies")
struct PolicyLoadEntryTests {
    private static let read = #"@id("read") permit(principal, action, resource);"#
    private static let write = #"@id("write") permit(principal, action, resource) when { context.secret };"#
    private static let anonymous = #"forbid(principal, action, resource) when { context.late };"#

    private static func changes(_ before: String, _ after: String) throws -> [String] {
        try InForceFixture.policyLoad(InForceFixture.inForce(before), InForceFixture.inForce(after)).changes
    }

    @Test("policies that came, went and changed are told by name, with both texts and their digests")
    func difference() throws {
        let changed = Self.read.replacing("resource)", with: "resource) unless { context.late }")
        let before = try InForceFixture.inForce("\(Self.read)\n\(Self.anonymous)")
        let after = try InForceFixture.inForce("\(changed)\n\(Self.write)")
        let entry = try InForceFixture.policyLoad(before, after)
        #expect(entry.changes == ["changed read", "added write", "removed policy.cedar:2"])
        #expect(entry["policy"]?.string == after.policy.digest && entry["previous"]?.string == before.policy.digest)
        #expect(entry["kind"] == "policy-load" && entry["by"] == "SIGHUP" && entry["refused"] == nil)
        #expect(entry["since"] == nil && entry["changes_omitted"] == nil && entry["candidate"] == nil)
        let first = try #require(entry["changes"]?[0])
        #expect(first["before"]?["text"]?.string == Self.read && first["after"]?["text"]?.string == changed)
        #expect(first["file"] == "policy.cedar" && first["set"] == nil)
        let digest = SHA256.hash(data: Array(changed.utf8)).hexadecimal
        #expect(first["after"]?["digest"]?.string == digest && first["after"]?["redacted"] == nil)
        #expect(entry["changes"]?[1]?["before"] == nil && entry["changes"]?[2]?["after"] == nil)
        let file = try #require(entry["files"]?[0])
        #expect(file["change"] == "changed" && file["file"] == "policy.cedar" && file["after"]?["text"] == nil)
        let whole = SHA256.hash(data: Array("\(changed)\n\(Self.write)".utf8)).hexadecimal
        #expect(file["after"]?["digest"]?.string == whole)
    }

    @Test("another order and other comments are no change of a policy; the file's change shows them")
    func order() throws {
        let all = "\(Self.read)\n\(Self.write)\n\(Self.anonymous)"
        let other = "// Why.\n\(Self.anonymous)\n\n\(Self.write)\n\(Self.read)"
        let entry = try InForceFixture.policyLoad(InForceFixture.inForce(all), InForceFixture.inForce(other))
        #expect(entry["changes"] == [] && entry["files"]?[0]?["change"] == "changed")
        let same = try InForceFixture.policyLoad(InForceFixture.inForce(all), InForceFixture.inForce(all))
        #expect(same["changes"] == [] && same["files"] == [])
    }

    @Test("another layout is a change, and so is what only looks the same")
    func exact() throws {
        #expect(try Self.changes(Self.read, Self.read.replacing(", action", with: ",  action")) == ["changed read"])
        let accented = #"@id("read") permit(principal == User::"caf\#u{e9}", action, resource);"#
        let combined = accented.replacing("\u{e9}", with: "e\u{301}")
        #expect(accented == combined)
        #expect(try Self.changes(accented, combined) == ["changed read"])
    }

    @Test("policies without a name are known by their texts, also where there are several of one text or line")
    func anonymous() throws {
        #expect(try Self.changes(Self.anonymous, "\n\n\(Self.anonymous)") == [])
        #expect(try Self.changes(Self.anonymous, "\(Self.anonymous)\n\(Self.anonymous)") == ["added policy.cedar:2"])
        let other = Self.anonymous.replacing("late", with: "early")
        #expect(try Self.changes(Self.anonymous, other) == ["changed policy.cedar:1"])
        let line = "\(Self.anonymous) \(other)"
        #expect(try Self.changes(line, "") == ["removed policy.cedar:1", "removed policy.cedar:1"])
        #expect(try Self.changes("\(line) \(Self.anonymous)", line) == ["removed policy.cedar:1"])
    }

    @Test("policies on trial have changes of their own")
    func candidate() throws {
        let before = try InForceFixture.inForce(Self.read)
        let after = try InForceFixture.inForce(Self.read, candidate: Self.write)
        let entry = try InForceFixture.policyLoad(before, after)
        #expect(entry.changes == ["added write"] && entry["changes"]?[0]?["set"] == "candidate")
        #expect(entry["candidate"]?.string == after.candidate?.digest)
        #expect(try InForceFixture.policyLoad(after, before).changes == ["removed write"])
    }

    @Test("the first load says all as added, and one whose past is lost says all as in force, since nobody knows when")
    func beginning() throws {
        let now = try InForceFixture.inForce(Self.read)
        let first = try InForceFixture.json(
            .policyLoad(now, after: .beginning, by: "start", redactedBy: InForceFixture.redactor, at: .now))
        #expect(first.changes == ["added read"] && first["previous"] == nil && first["since"] == nil)
        let lost = try InForceFixture.json(
            .policyLoad(now, after: .unknown, by: "start", redactedBy: InForceFixture.redactor, at: .now))
        #expect(lost.changes == ["in-force read"] && lost["previous"] == nil && lost["since"] == "unknown")
        #expect(lost["files"]?[0]?["change"] == "in-force")
    }

    @Test("a regulated value in a policy stands as a keyed digest, and no plain digest lets it be guessed")
    func redaction() throws {
        let ssn = "536-22-8741"
        let text =
            #"@id("536-22-8741") forbid(principal, action, resource) when { context.text like "*536-22-8741*" };"#
        let entry = try InForceFixture.policyLoad(InForceFixture.inForce(""), InForceFixture.inForce(text))
        let written = String(decoding: entry.canonicalBytes, as: UTF8.self)
        #expect(!written.contains(ssn) && written.contains("«US_SSN:"))
        #expect(!written.contains(SHA256.hash(data: Array(text.utf8)).hexadecimal))
        let after = try #require(entry["changes"]?[0]?["after"])
        let shown = try #require(after["text"]?.string)
        #expect(after["redacted"] == true)
        #expect(after["digest"]?.string == SHA256.hash(data: Array(shown.utf8)).hexadecimal)
        // Another value is another digest all the same.
        let other = try InForceFixture.inForce(text.replacing("8741*", with: "8742*"))
        #expect(
            try InForceFixture.policyLoad(InForceFixture.inForce(text), other).changes.count == 1)
    }

    @Test("texts that an entry has no room for are left out, the longest first, and their digests never")
    func long() throws {
        let long =
            #"@id("long") permit(principal, action, resource) when { context.a == "\#(String(repeating: "x", count: 70_000))" };"#
        let entry = try InForceFixture.policyLoad(
            InForceFixture.inForce(""), InForceFixture.inForce("\(long)\n\(Self.read)"))
        #expect(entry.changes == ["added long", "added read"])
        let after = try #require(entry["changes"]?[0]?["after"])
        #expect(after["text"] == nil && after["text_bytes"]?.integer == Int64(long.utf8.count))
        #expect(after["digest"]?.string == SHA256.hash(data: Array(long.utf8)).hexadecimal)
        #expect(entry["changes"]?[1]?["after"]?["text"]?.string == Self.read)
    }

    @Test("a list that is too long is cut, and says by how much", arguments: [400, 5000])
    func many(count: Int) throws {
        // Each character takes six bytes of JSON.
        let filler = String(repeating: "\u{1}", count: 40)
        let text = (0..<count).map {
            "@id(\"policy-\($0)\") permit(principal, action, resource) when { context.a == \"\(filler)\" };"
        }.joined(separator: "\n")
        let entry = try InForceFixture.policyLoad(InForceFixture.inForce(""), InForceFixture.inForce(text))
        let listed = entry["changes"]?.array?.count ?? 0
        #expect(listed > 100 && listed < count)
        #expect(entry["changes_omitted"]?.integer == Int64(count - listed))
        #expect(entry["files"]?.array?.count == 1)
    }

    @Test("a refused load changes nothing, and its findings are redacted and cut")
    func refused() throws {
        let entry = try InForceFixture.json(
            .refusedPolicyLoad(
                previous: "old", because: "4111 1111 1111 1111: no" + String(repeating: "é", count: 80_000),
                by: "olga", redactedBy: InForceFixture.redactor, at: InForceFixture.time))
        #expect(entry["changes"] == nil && entry["policy"] == nil && entry["previous"] == "old")
        let refused = try #require(entry["refused"]?.string)
        #expect(refused.hasPrefix("«PAN:") && refused.utf8.count <= 8200)
    }
}
