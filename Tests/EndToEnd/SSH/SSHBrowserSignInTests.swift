import Foundation
import Testing

/// What people who are not signed in yet can do with sign-ins in a browser.
@Suite("Sign-ins in a browser over SSH, end to end", .serialized)
struct SSHBrowserSignInTests {
    private static func run(_ fixture: SSHFixture, _ mode: String, _ more: String...) async throws -> [String: Any] {
        let file = fixture.gateway.folder.appendingPathComponent("token").path
        try await fixture.gateway.issuer.token(for: "alice").write(toFile: file, atomically: true, encoding: .utf8)
        return try await PythonClient.run(
            "ssh_sign_in.py",
            ["--port", "\(fixture.gateway.sshPort.orThrow())", "--mode", mode, "--token-file", file] + more)
    }

    @Test("one address has a few under way, and others when those have gone")
    func places() async throws {
        let fixture = try await SSHFixture(listener: ", max_browser_sign_ins: 2")
        let answer = try await Self.run(fixture, "flood", "--count", "4")
        #expect(answer["shown"] as? [Bool] == [true, true, false, false], "\(answer)")
        #expect(answer["later"] as? Bool == true, "\(answer)")
        let codes = try await fixture.gateway.auditEntries().compactMap { $0["code"] as? String }
        #expect(codes.filter { $0 == "device-too-many" }.count == 2, "\(codes)")
    }

    @Test("whoever begins them and goes away has failed as often")
    func abandoned() async throws {
        let fixture = try await SSHFixture(listener: ", max_failures_per_minute: 3")
        #expect(try await Self.run(fixture, "abandon", "--count", "6")["shown"] as? Int == 3)
    }

    @Test("a password that was sent before the page was shown gives the page up, and signs in")
    func pipelined() async throws {
        let fixture = try await SSHFixture(listener: ", max_browser_sign_ins: 1")
        let answer = try await Self.run(fixture, "pipelined")
        #expect(answer["heard"] as? [Int] == [6, 60, 60, 52], "\(answer)")
        #expect(answer["output"] as? String == "in\n", "\(answer)")
        // Its place is free again.
        #expect(try await Self.run(fixture, "flood", "--count", "1")["shown"] as? [Bool] == [true])
    }

    @Test("an answer too many ends what was asked, and its place with it")
    func wrongCount() async throws {
        let fixture = try await SSHFixture(listener: ", max_browser_sign_ins: 1")
        let answer = try await Self.run(fixture, "wrong_count")
        #expect(answer["first"] as? Bool == true && answer["again"] as? Bool == true, "\(answer)")
        #expect(answer["refused"] as? Int == 51 && answer["asked"] as? Int == 60, "\(answer)")
    }

    @Test("programs that try each method have no identity provider asked")
    func otherMethod() async throws {
        let fixture = try await SSHFixture(listener: ", max_failures_per_minute: 1")
        for _ in 0..<3 {
            let answer = try await Self.run(fixture, "other_method")
            #expect(answer["heard"] as? [Int] == [6, 60, 52], "\(answer)")
            #expect(answer["output"] as? String == "in\n", "\(answer)")
        }
    }
}
