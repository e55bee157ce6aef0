import Foundation
import Testing

@Suite("The examiner's report, end to end", .serialized)
struct ExaminerReportEndToEndTests {
    /// The report for programs.
    private static func document(in folder: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("it tells what was asked for and approved, by name, and who tried to approve a request of their own")
    func approvals() async throws {
        let gateway = try await TestGateway.payments()
        let token = try await gateway.issuer.token(for: "alice")
        let alice = Curl(token: token)
        let bob = try await gateway.issuer.token(for: "bob")
        let url = "\(gateway.url)/payments/refund"
        let body = #"{"customer":"c-17","amount":125}"#
        let asked = try await alice.post(url, json: body, "-H", "Sallyport-Justification: charged twice")
        let ticket = try #require(asked.member("ticket") as? String, "\(asked)")
        let own = try await gateway.command("approvals", "approve", ticket, "--justification", "mine", token: token)
        #expect(own.status != 0, "\(own)")
        let approved = try await gateway.command(
            "approvals", "approve", ticket, "--justification", "looked", token: bob)
        #expect(approved.status == 0, "\(approved)")
        _ = try await alice.post(url, json: body)
        #expect(try await gateway.stop() == 0)

        let folder = gateway.folder.path + "/report"
        let made = try await gateway.command("audit", "report", "--into", folder)
        #expect(made.status == 0, "\(made)")
        let report = try Self.document(in: folder)
        func items(_ part: String) -> [[String: Any]] {
            (report[part] as? [String: Any])?["items"] as? [[String: Any]] ?? []
        }
        let ran = try #require(items("elevated").first)
        #expect((ran["parameters"] as? String)?.contains(#"customer "c-17""#) == true, "\(ran)")
        #expect((ran["summary"] as? String)?.contains("refund") == true, "\(ran)")
        #expect(ran["needs"] as? [String] == ["1 of approver"], "\(ran)")
        let attempts = items("segregation").filter { $0["severity"] as? String == "attempt" }
        #expect(attempts.count == 1 && attempts.first?["ticket"] as? String == ticket, "\(items("segregation"))")
        let person = attempts.first?["person"] as? [String: Any]
        #expect(person?["label"] as? String == "alice@example.com", "\(attempts)")
        let page = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
        #expect(page.contains("needs 1 of approver") && page.contains("alice@example.com ("))
    }

    @Test("it counts what was done, and a log that was tampered with is reported as such")
    func report() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for _ in 0..<3 { #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200) }
        #expect(try await Curl(token: "nonsense").get("\(gateway.url)/payments/customer.json").status == 401)
        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let masked = entries.compactMap { ($0["outcome"] as? [String: Any])?["masked"] as? [[String: Any]] }.joined()
            .reduce(0) { $0 + (($1["count"] as? Int) ?? 0) }
        #expect(masked > 0)

        let folder = gateway.folder.path + "/report"
        let made = try await gateway.command("audit", "report", "--framework", "ffiec", "--into", folder)
        #expect(made.status == 0, "\(made)")
        let report = try Self.document(in: folder)
        func items(_ part: String) -> [[String: Any]] {
            (report[part] as? [String: Any])?["items"] as? [[String: Any]] ?? []
        }
        #expect(report["entries"] as? Int == entries.count)
        #expect((report["verification"] as? [String: Any])?["ok"] as? Bool == true)
        #expect(items("access").first?["commands"] as? Int == 3, "\(items("access"))")
        #expect(items("data_protection").reduce(0) { $0 + (($1["masked"] as? Int) ?? 0) } == masked)
        #expect(items("sign_in_failures").first?["attempts"] as? Int == 1, "\(items("sign_in_failures"))")
        let page = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
        #expect(page.contains("none changed, dropped or moved") && page.contains("II.C.22 Log Management"))

        // The system's reason, in a sentence.
        let nowhere = try await gateway.command("audit", "report", "--into", "/proc/x")
        #expect(nowhere.status == 69, "\(nowhere)")
        #expect(nowhere.errors.contains("the folder /proc/x cannot be made: "), "\(nowhere)")
        #expect(!nowhere.errors.contains("Error Domain"), "\(nowhere)")

        // A period in which nothing was done.
        let later = try await gateway.command("audit", "report", "--from", "2999-01-01", "--into", folder + "/later")
        #expect(later.status == 0, "\(later)")
        #expect(
            try String(contentsOfFile: folder + "/later/report.html", encoding: .utf8).contains(
                "Nobody reached anything."))

        // A period that ends with the log's last entry, which is not in it.
        let times = entries.compactMap { $0["time"] as? String }
        let last = try #require(times.last)
        let before = try await gateway.command("audit", "report", "--until", last, "--into", folder + "/before")
        #expect(before.status == 0, "\(before)")
        let past = try Self.document(in: folder + "/before")
        let earlier = times.count { $0 < last }
        #expect(past["entries"] as? Int == earlier)
        #expect((past["period"] as? [String: Any])?["until"] as? String == last)
        // And one that ended before the log began.
        let empty = try await gateway.command(
            "audit", "report", "--until", "2000-01-01", "--into", folder + "/empty")
        #expect(empty.status == 0, "\(empty)")
        #expect(try Self.document(in: folder + "/empty")["entries"] as? Int == 0)

        let bundles = gateway.auditFolder.path + "/tile/entries/000.p"
        let bundle = try #require(
            try FileManager.default.contentsOfDirectory(atPath: bundles).max { Int($0) ?? 0 < Int($1) ?? 0 })
        var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(bundles)/\(bundle)"))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: "\(bundles)/\(bundle)"))
        let tampered = try await gateway.command("audit", "report", "--into", folder + "/tampered")
        #expect(tampered.status == 1 && tampered.errors.contains("does not verify"), "\(tampered)")
        let wrong = try String(contentsOfFile: folder + "/tampered/report.html", encoding: .utf8)
        #expect(wrong.contains("The log was changed, or is not whole."))
    }
}
