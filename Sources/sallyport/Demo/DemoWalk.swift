import Foundation
import StrictJSON

/// The walk through: each step is a command line that anybody can type, followed by what it really printed. A step whose
/// output is not as it must be ends the demo with an error, so the demo is a test too.
struct DemoWalk {
    let stage: DemoStage

    func run() async throws {
        say("Sallyport: a gateway in the data path, on this machine alone")
        print(
            """
            The embedded issuer at \(stage.issuer) signs in ANYBODY without a password: it is for demonstrations only.
            The function service at \(stage.functions) wants a key that callers never hold:
            """)
        let function = "\(stage.functions)/customers/c-17"
        try step("curl -s -o /dev/null -w '%{http_code}\\n' \(function)", expect: "401")

        say("1. alice (group payments) signs in and calls a function; regulated fields come back masked")
        let alice = try await signIn("alice")
        let bearer = "-H \"Authorization: Bearer $TOKEN\""
        try step(
            "curl -si \(stage.gateway)/payments/customers/c-17 \(bearer)", as: alice, expect: "*******8741",
            never: "536-22")

        say("2. A call that no policy allows is refused, with the rule's name and the next step")
        try step(
            "curl -si \(stage.gateway)/payments/customers \(bearer)", as: alice, expect: "no-bulk-export")

        say("3. A refund needs a person's agreement: it waits, bob approves exactly this call, and it runs once")
        let refund =
            "curl -si \(stage.gateway)/payments/refund \(bearer) -H 'Content-Type: application/json' "
            + "-d '{\"customer\":\"c-17\",\"amount\":125}'"
        let waiting = try step(
            "\(refund) -H 'Sallyport-Justification: charged twice, ticket 4711'", as: alice, expect: "202")
        let ticket = try part(after: "\"ticket\":\"", until: "\"", of: waiting)
        let bob = try await signIn("bob")
        try step("sallyport approvals show \(ticket)", as: bob, expect: "charged twice")
        try step(
            "sallyport approvals approve \(ticket) --justification 'seen both charges'", as: bob, expect: "approved")
        try step(refund, as: alice, expect: "\"refund\":\"r-1\"")
        print("Sent once more, it needs a new approval; one refund has run:")
        try step("\(refund) | head -n 1", as: alice, expect: "403")
        try step("curl -s \(stage.gateway)/payments/refunds \(bearer)", as: alice, expect: "{\"refunds\":1}")

        var number = 4
        if try showDatabase(number, as: alice) { number += 1 }
        if try showHost(number, as: alice) { number += 1 }

        say("\(number). carol (auditor) lists the sessions, replays one and verifies the log")
        let carol = try await signIn("carol")
        // The index follows the signed log within a moment.
        try await Task.sleep(for: .seconds(1.5))
        try step("sallyport sessions list", as: carol, expect: "alice@example.com")
        let listed = try stage.shell(
            "sallyport sessions list --caller alice@example.com --output json", environment: carol)
        let session = try firstSession(in: listed.output)
        try step("sallyport sessions replay \(session)", as: carol, expect: "8741", never: "536-22")
        try step("sallyport audit verify", as: carol, expect: "")

        say("\(number + 1). One byte of a copy of the log is changed; verification names the entry")
        try step("cp -r state/audit tampered", expect: "")
        try tamper("\(stage.folder)/tampered")
        let verified = try step(
            "sallyport audit verify --directory tampered --key state/log.vkey", as: carol, expect: "entry",
            status: 1)
        guard verified.contains("entry 2") else { throw DemoFailure(description: "the changed entry was not named") }

        say("Try it yourself")
        print(
            """
            gateway   \(stage.gateway)/payments/…        configuration \(stage.folder)/sallyport.yaml
            console   \(stage.console)/             policies      \(stage.folder)/policy/
            issuer    \(stage.issuer)/

            cd \(stage.folder)
            export SALLYPORT_HOME=$PWD/alice    # or bob, or carol
            sallyport call payments/customers/c-18
            sallyport connect ledger psql       # where PostgreSQL is installed
            ssh -F ssh_config web-1 uptime      # where OpenSSH's server is
            sallyport policy explain --help
            """)
    }

    /// - Returns: Whether there is one.
    private func showDatabase(_ number: Int, as alice: [String: String]) throws -> Bool {
        guard stage.database != nil else {
            print("\n(With PostgreSQL installed, the demo shows a database too: apt-get install postgresql)")
            return false
        }
        say("\(number). The same for a database: psql as always, each statement decided, recorded and masked")
        try step(
            "sallyport connect ledger psql -c 'SELECT id, name, email, ssn FROM customers ORDER BY id'", as: alice,
            expect: "*******8741", never: "536-22")
        print("Another name does not help, nor a view, nor an expression:")
        try step(
            "sallyport connect ledger psql -c \"SELECT upper(reference) AS harmless FROM contacts WHERE name LIKE 'Dana%'\"",
            as: alice, expect: "*******8741", never: "536-22")
        print("A WHERE that chooses nothing is none, however it is written:")
        try step(
            "sallyport connect ledger psql -c \"WITH gone AS (DELETE FROM customers WHERE 'a' = 'a' RETURNING *) SELECT count(*) FROM gone\"",
            as: alice, expect: "no-unbounded-writes", status: 1)
        return true
    }

    /// - Returns: Whether there is one.
    private func showHost(_ number: Int, as alice: [String: String]) throws -> Bool {
        guard let host = stage.host else {
            print("\n(With OpenSSH's server installed, the demo shows a host too: apt-get install openssh-server)")
            return false
        }
        say("\(number). The same for a host: ssh as always, with a key that lasts as long as alice's token")
        try step("sallyport ssh-config web-1 | tee ssh_config", as: alice, expect: "User web-1")
        let ssh = "ssh -F ssh_config -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR web-1"
        try step("\(ssh) 'cat \(host.customers) | head -n 1'", as: alice, expect: "************1111", never: "536-22")
        try step("\(ssh) \"\\\\rm \(host.customers)\"", as: alice, expect: "default-deny", status: 126)
        try step(
            "\(ssh) 'echo cm0gLXJmIC8= | base64 -d | sh'", as: alice, expect: "no-unread-shell", status: 126)
        print("Files come masked too, and what is refused is refused in the program's own words:")
        let scp = "scp -q -F ssh_config"
        try step(
            "\(scp) web-1:\(host.customers) fetched.csv && cat fetched.csv", as: alice, expect: "************1111",
            never: "536-22")
        try step("\(scp) fetched.csv web-1:\(host.customers)", as: alice, expect: "ermission denied", status: 1)
        return true
    }

    // MARK: Steps

    private func say(_ title: String) { print("\n== \(title)\n") }

    /// Prints the line and what it printed.
    ///
    /// - Parameters:
    ///   - expect: What must stand in the output.
    ///   - never: What must not.
    @discardableResult
    private func step(
        _ line: String, as environment: [String: String] = [:], expect: String, never: String? = nil, status: Int32 = 0
    ) throws -> String {
        print("$ \(line)")
        let (found, output) = try stage.shell(line, environment: environment)
        print(output.hasSuffix("\n") ? output : output + "\n")
        guard expect.isEmpty || output.contains(expect), found == status else {
            throw DemoFailure(
                description: "that should have shown \"\(expect)\" and ended with \(status), not \(found)")
        }
        if let never, output.contains(never) {
            throw DemoFailure(description: "\"\(never)\" should never have been shown")
        }
        return output
    }

    /// Signs `user` in with the device flow: the program shows a code, the person confirms it on the issuer's page.
    private func signIn(_ user: String) async throws -> [String: String] {
        let home = "\(stage.folder)/\(user)"
        // A key for SSH belongs to it where there is a host to reach.
        let command = user == "alice" && stage.host != nil ? "sallyport login --ssh" : "sallyport login"
        print("$ \(command)        # as \(user)")
        let login = Task.detached { [stage = Shared(stage)] in
            try stage.value.shell("\(command) 2>\(user).prompt", environment: ["SALLYPORT_HOME": home])
        }
        let prompt = "\(stage.folder)/\(user).prompt"
        var text = ""
        for _ in 0..<200 where !text.contains("user_code=") {
            try await Task.sleep(for: .milliseconds(50))
            text = FileManager.default.contents(atPath: prompt).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        print(text, terminator: "")
        let code = String(try part(after: "user_code=", until: "\n", of: text).prefix(9))
        print("  (on that page, \(user) confirms the code)")
        let page = "\(stage.issuer)/device"
        _ = try stage.shell("curl -sf -o /dev/null \(page) -d 'user_code=\(code)&username=\(user)&decision=approve'")
        let (status, output) = try await login.value
        guard status == 0 else { throw DemoFailure(description: "\(user) could not sign in: \(output)") }
        guard let data = FileManager.default.contents(atPath: "\(home)/credentials.json"),
            let token = (try? JSONValue(parsing: Array(data)))?["token"]?.string
        else { throw DemoFailure(description: "\(home)/credentials.json holds no token") }
        return ["SALLYPORT_HOME": home, "TOKEN": token]
    }

    /// Changes one byte in the middle of the third entry of the copy: entries stand one after the other, each behind its
    /// length in two bytes.
    private func tamper(_ copy: String) throws {
        // The checkpoint of the copy says how many entries it is about: its second line.
        let checkpoint = FileManager.default.contents(atPath: "\(copy)/checkpoint") ?? Data()
        let lines = String(decoding: checkpoint, as: UTF8.self).split(separator: "\n")
        guard lines.count > 1, let size = Int(lines[1]), (3..<256).contains(size) else {
            throw DemoFailure(description: "the copy of the log has not between 3 and 255 entries")
        }
        let folder = "\(copy)/tile/entries"
        let name = "000.p/\(size)"
        guard var bundle = FileManager.default.contents(atPath: "\(folder)/\(name)").map(Array.init) else {
            throw DemoFailure(description: "the copy of the log has no entries")
        }
        var offset = 0
        for _ in 0..<2 { offset += 2 + Int(bundle[offset]) << 8 + Int(bundle[offset + 1]) }
        let middle = offset + 2 + (Int(bundle[offset]) << 8 + Int(bundle[offset + 1])) / 2
        bundle[middle] ^= 1
        try Data(bundle).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        print("# byte \(middle) of tampered/tile/entries/\(name) is changed")
    }

    private func firstSession(in output: String) throws -> String {
        guard let json = try? JSONValue(parsing: output),
            let session = (json.array ?? json["sessions"]?.array ?? [json]).last?["id"]?.string
        else { throw DemoFailure(description: "no session of alice is listed: \(output)") }
        return session
    }

    private func part(after start: String, until end: String, of text: String) throws -> String {
        guard let first = text.range(of: start) else {
            throw DemoFailure(description: "\"\(start)\" is missing in: \(text)")
        }
        let rest = text[first.upperBound...]
        return String(rest[..<(rest.range(of: end)?.lowerBound ?? rest.endIndex)])
    }
}

/// Carries the stage into the task that waits for a login: what it uses there does not change any more.
private struct Shared: @unchecked Sendable {
    let value: DemoStage

    init(_ value: DemoStage) { self.value = value }
}
