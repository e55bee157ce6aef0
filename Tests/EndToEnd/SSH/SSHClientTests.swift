import Foundation
import Testing

@Suite("SSH libraries as clients, end to end", .serialized)
struct SSHClientTests {
    private static func run(_ mode: String, _ fixture: SSHFixture) async throws -> [String: Any] {
        let token = fixture.gateway.folder.path + "/token"
        try await fixture.gateway.issuer.token(for: "alice").write(toFile: token, atomically: true, encoding: .utf8)
        return try await PythonClient.run(
            "ssh_clients.py",
            [
                "--port", "\(fixture.gateway.sshPort.orThrow())", "--token-file", token, "--folder",
                fixture.server.folder.path, "--mode", mode,
            ], within: 240)
    }

    private static let everything =
        #"@id("all") @record("full") permit (principal, action in Action::"ssh", resource);"#
        + #"@id("auditors") permit (principal in Group::"auditor", action in Action::"console.read", resource);"#

    @Test("paramiko: commands, many channels, files, a terminal and new keys")
    func paramiko() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let result = try await Self.run("paramiko", fixture)
        #expect(result["exec"] as? [AnyHashable] == [200_000, "err\n", 7], "\(result)")
        for name in ["channels", "sftp", "listed"] { #expect(result[name] as? Bool == true, "\(name)") }
        #expect(result["terminal"] as? [String] == ["31 101", "22 77", "5"], "\(result)")
        #expect(result["rekeyed"] as? String == "after new keys\n")
        #expect(try await fixture.gateway.stop() == 0)
        let outcomes = try await fixture.gateway.auditEntries().compactMap { $0["outcome"] as? [String: Any] }
        // The terminal's recording stands in its outcome, and its digest is that of the file.
        let recorded = outcomes.compactMap { $0["details"] as? [String: Any] }.compactMap { $0["recording_sha256"] }
        let files = try await RunningProcess.run(
            "/bin/sh", ["-c", "sha256sum $(find \(fixture.gateway.stateFolder.path) -name '*.cast') | cut -c1-64"])
        #expect(
            (recorded as? [String])?.sorted() == files.output.split(separator: "\n").map(String.init).sorted(),
            "\(recorded)")
        let played = try await RunningProcess.run(
            "/bin/sh", ["-c", "cat $(find \(fixture.gateway.stateFolder.path) -name '*.cast')"])
        #expect(played.output.contains("31 101") && played.output.contains("77x22"), "\(played.output.prefix(2000))")
        #expect(try await fixture.gateway.auditFault() == nil)
    }

    @Test("asyncssh: commands, files, many channels, and every algorithm that both know")
    func asyncssh() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let result = try await Self.run("asyncssh", fixture)
        #expect(result["exec"] as? [AnyHashable] == ["out\n", "err\n", 9], "\(result)")
        #expect(result["bytes"] as? Int == 20_000_000)
        #expect(result["signal"] as? String == "HUP")
        for name in ["channels", "sftp"] { #expect(result[name] as? Bool == true, "\(name)") }
        #expect(result["remote"] as? String != "open", "\(result)")
        #expect(result["failed"] as? [String] == [] && result["algorithms"] as? Int == 29, "\(result)")
    }

    @Test("Ansible runs a playbook")
    func ansible() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let client = try await OpenSSHClient.key(
            try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        let folder = client.folder
        let playbook = """
            - hosts: all
              gather_facts: false
              tasks:
                - {name: a file, ansible.builtin.copy: {content: "from ansible\\n", dest: "\(fixture.server.folder.path)/ansible"}}
                - {name: a command, ansible.builtin.command: "cat \(fixture.server.folder.path)/ansible", register: shown, changed_when: false}
                - {name: what it showed, ansible.builtin.assert: {that: "shown.stdout == 'from ansible'"}}
            """
        try playbook.write(to: folder.appendingPathComponent("play.yml"), atomically: true, encoding: .utf8)
        let arguments = client.arguments.map { "'\($0)'" }.joined(separator: " ")
        try """
        web-1 ansible_host=127.0.0.1 ansible_user=web-1 ansible_python_interpreter=/usr/bin/python3

        """.write(to: folder.appendingPathComponent("hosts"), atomically: true, encoding: .utf8)
        let finished = try await RunningProcess.run(
            try Tools.python("ansible-playbook"), ["-i", "hosts", "--ssh-common-args", arguments, "play.yml"],
            in: folder,
            environment: [
                "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_LOCAL_TEMP": folder.path, "LC_ALL": "C.UTF-8",
                "ANSIBLE_SSH_CONTROL_PATH_DIR": folder.path + "/cp",
            ], within: 240)
        #expect(finished.status == 0, "\(finished.output)\(finished.errors)")
        #expect(finished.output.contains("failed=0"), "\(finished.output)")
    }
}
