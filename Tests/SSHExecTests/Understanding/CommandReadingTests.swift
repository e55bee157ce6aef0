import AdapterTestKit
import GatewayCore
import StrictJSON
import Testing

@testable import SSHExec

@Suite("What a session channel asks for, as a command")
struct CommandReadingTests {
    private static func reading(
        _ environment: [(name: String, value: String)] = [], terminal: RequestedTerminal? = nil
    ) -> CommandReading {
        CommandReading(login: "deploy", hasTerminal: terminal != nil, environment: environment, terminal: terminal)
    }

    private static func exec(_ line: String) -> Command { reading().exec(Array(line.utf8)) }

    private static func files(_ line: String) -> [String] {
        exec(line).effects.filter { $0.resource.type == "File" }.map { "\($0.action) \($0.resource.name)" }
    }

    private static func fact(_ name: String, of command: Command) -> FactValue? {
        command.facts.first { $0.name == name }?.value
    }

    @Test(
        "names each file in its normal form, however it is reached",
        arguments: [
            ("cat < /etc//./shadow", ["ssh.read /etc/shadow"]), ("> //etc/passwd", ["ssh.write /etc/passwd"]),
            ("scp -f /pub/../etc/shadow", ["ssh.read /etc/shadow", "ssh.read ?"]),
            ("scp -t /pub/./a/", ["ssh.write /pub/a"]),
            ("rsync --server --sender -r . /pub//x/../y", ["ssh.read /pub/y", "ssh.read ?"]),
            ("git-upload-pack '/srv/pub/../secret.git'", ["ssh.read /srv/secret.git", "ssh.read ?"]),
            ("git -C /srv/pub upload-pack ../secret.git", ["ssh.read /srv/secret.git", "ssh.read ?"]),
            ("cat < ./a 2> b/../c", ["ssh.read a", "ssh.write c", "ssh.write ?"]),
            ("cat < $f", ["ssh.read ?"]),
            ("cat < /proc/self/root/etc/shadow", ["ssh.read /proc/self/root/etc/shadow", "ssh.read ?"]),
        ])
    func files(_ line: String, _ expected: [String]) { #expect(Self.files(line) == expected) }

    @Test("takes files whose names differ in one byte for two")
    func exactNames() {
        let effects = Self.exec("cat < /caf\u{E9} > /cafe\u{301}; cat < /cafe\u{301}; cat < /caf\u{E9}").effects
        let names = effects.filter { $0.action == "ssh.read" }.map { Array($0.resource.name.utf8) }
        #expect(names == [Array("/caf\u{E9}".utf8), Array("/cafe\u{301}".utf8)])
    }

    @Test("has the path of an executable that is known, and no source of one that is not")
    func executables() {
        func path(_ line: String) -> FactValue? { Self.exec(line).effects.first?.resource.attributes["path"] }
        #expect(path("/usr//bin/ls") == .string("/usr/bin/ls"))
        #expect(path("./ls") == .string("./ls"))
        #expect(path("/usr/bin/../../tmp/ls") == .string("?"))
        #expect(path("/usr/bin/$X") == .string("?"))
    }

    @Test(
        "says that it is a transfer wherever it may be one",
        arguments: [
            ("scp -fA /a", "scp"), ("scp -fZ /a", "scp"), ("rsync -v --server --sender . /a", "rsync"),
            ("git --no-pager upload-pack /a", "git"), ("git -c a=b upload-pack /a", "git"), ("ls", ""),
            ("scp -f /a; git-upload-pack /b; scp -f /c", "scp+git"), ("sudo scp -f /a", "scp"),
        ])
    func transfers(_ line: String, _ program: String) {
        #expect(Self.fact("ssh.transfer", of: Self.exec(line)) == .string(program))
    }

    @Test(
        "is opaque where the caller's variables change what runs, whatever it is",
        arguments: [
            [("GIT_SSH_COMMAND", "x")], [("LD_PRELOAD", "/tmp/x.so")], [("LANG", "C"), ("PATH", "/tmp")],
            [("LC_X", "$(rm x)")], [("LC_X=LD_PRELOAD", "x")], [("PATH\0LC_X", "/tmp")],
            [("BASH_FUNC_ls%%", "() { rm; }")],
            [("LC_X", "a\0b")], [("", "x")],
        ] as [[(String, String)]])
    func variables(_ environment: [(String, String)]) {
        let reading = Self.reading(environment.map { (name: $0.0, value: $0.1) })
        for command in [reading.exec("git fetch".utf8), reading.shell(), reading.sftp()] {
            #expect(Self.fact("shell.opaque", of: command) == .bool(true))
            #expect(Self.fact("opaque", of: command) == .bool(true))
            #expect(Self.fact("shell.opaque_because", of: command) != .strings([]))
        }
        #expect(reading.exec("git fetch".utf8).effects.contains { $0.resource.name == "?" })
    }

    @Test("is not opaque by variables that say how to speak")
    func harmlessVariables() {
        let reading = Self.reading([("LANG", "de_DE.UTF-8"), ("LC_ALL", "C"), ("GIT_AUTHOR_NAME", "a")])
        for command in [reading.exec("git fetch".utf8), reading.shell(), reading.sftp()] {
            #expect(Self.fact("opaque", of: command) == .bool(false))
        }
        #expect(reading.shell().parameters.map(\.name) == ["env.LANG", "env.LC_ALL", "env.GIT_AUTHOR_NAME"])
    }

    @Test("differs by the terminal that is asked for")
    func terminals() {
        let one = RequestedTerminal(type: "xterm", modes: [1, 0, 0, 0, 3, 0])
        let commands = [
            one, RequestedTerminal(type: "vt100", modes: one.modes), RequestedTerminal(type: "xterm", modes: [0]),
        ].map { Self.reading(terminal: $0) }
        #expect(Set(commands.map { $0.shell().digest(target: "t") }).count == 3)
        #expect(Set(commands.map { $0.exec("ls".utf8).digest(target: "t") }).count == 3)
        #expect(
            commands[0].shell().parameters == [
                Parameter(name: "terminal.type", value: .string("xterm"), encoding: "pty"),
                Parameter(name: "terminal.modes", value: .string("AQAAAAMA"), encoding: "base64"),
            ])
    }
}
