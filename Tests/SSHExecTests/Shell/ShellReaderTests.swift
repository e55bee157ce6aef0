import Testing

@testable import SSHExec

@Suite("Reading shell command lines")
struct ShellReaderTests {
    static func read(_ line: String) -> ShellScript { ShellReader.read(Array(line.utf8)) }

    static func names(_ line: String) -> [String] { read(line).commands.map(\.name) }

    @Test("a disguised rm is seen, or the line is opaque", arguments: ShellDisguise.all)
    func disguise(_ disguise: ShellDisguise) {
        let script = Self.read(disguise.line)
        let isSeen = script.commands.contains { $0.name.utf8.elementsEqual("rm".utf8) }
        switch disguise.verdict {
        case .seen: #expect(isSeen)
        case .opaque: #expect(script.isOpaque)
        case .both: #expect(isSeen && script.isOpaque)
        }
    }

    @Test(
        "a seen rm does not make a line opaque",
        arguments: ["rm x", "sudo -u root -- rm x", "sh -c 'rm x'", "f(){ rm x; }; f"])
    func seenOnly(_ line: String) { #expect(Self.read(line).opacity == []) }

    @Test("what only looks like rm is neither seen nor opaque", arguments: ShellLookalikes.all)
    func lookalike(_ line: String) {
        let script = Self.read(line)
        #expect(!script.commands.contains { $0.name == "rm" })
        #expect(script.opacity == [])
    }

    @Test("the tables are as long as they have to be")
    func tables() {
        #expect(ShellDisguise.all.count >= 70)
        #expect(ShellLookalikes.all.count >= 40)
    }

    @Test(
        "incomplete syntax is opaque",
        arguments: [
            "echo 'a", "echo \"a", "echo `a", "echo $(a", "echo ${a", "echo $((1", "(ls", "{ ls", "if ls",
            "if ls; then ls", "while ls", "for", "for x in a; do ls", "case a in", "case a in a) ls", "ls)", "ls ;; ls",
            "}", "done", "fi", "cat <<E", "cat <<E\nx", "ls >", "ls <", "f(", "f()", "f() }", "echo a(b)",
            "echo \\", "[[ a", "x=(a", "function", "echo $'a", "echo ${}", "{ ls; } ls", "(ls) ls", "\u{1}",
        ])
    func syntax(_ line: String) { #expect(Self.read(line).isOpaque) }

    @Test("bytes that are not UTF-8 are opaque, and what stands beside them is read")
    func notUTF8() {
        let script = ShellReader.read(Array("rm x; echo ".utf8) + [0xFF, 0xC0])
        #expect(script.opacity == [.notUTF8])
        #expect(script.commands.map(\.name) == ["rm", "echo"])
    }

    @Test("a line that is too long is opaque")
    func tooLong() {
        #expect(
            ShellReader.read([UInt8](repeating: UInt8(ascii: "a"), count: ShellReader.longestLine + 1)).opacity == [
                .length
            ])
    }

    @Test("commands have the arguments, assignments and files that they get")
    func parts() throws {
        let script = Self.read("A=1 B=\"$x\" /bin/ls -l 'a b' \"c\"d $e *.f <in >'out put' 2>>log 2>&1 <>rw")
        let command = try #require(script.commands.first)
        #expect(script.commands.count == 1)
        #expect(command.name == "ls")
        #expect(command.path == "/bin/ls")
        #expect(
            command.arguments == [
                ShellWord(text: "-l", isKnown: true), ShellWord(text: "a b", isKnown: true),
                ShellWord(text: "cd", isKnown: true),
                ShellWord(text: "$e", isKnown: false, mayBeOption: true),
                ShellWord(text: "*.f", isKnown: false, mayBeOption: true),
            ])
        #expect(
            command.assignments == [
                ShellAssignment(name: "A", value: ShellWord(text: "1", isKnown: true)),
                ShellAssignment(name: "B", value: ShellWord(text: "B=\"$x\"", isKnown: false, mayBeOption: true)),
            ])
        #expect(command.redirections.flatMap { HostPath.names($0.file) } == ["in", "out put", "log", "rw"])
        #expect(command.redirections.map(\.kind) == [.read, .write, .append, .readWrite])
    }

    @Test("a file that is not known by its name is a question mark")
    func unknownFile() {
        #expect(Self.read("ls > $f").commands.first?.redirections.flatMap { HostPath.names($0.file) } == ["?"])
    }

    @Test("files opened for nothing belong to the null utility, those of a compound command to its first")
    func filesOfOthers() {
        let truncation = Self.read("> file").commands
        #expect(truncation.map(\.name) == [":"])
        #expect(truncation.first?.redirections.flatMap { HostPath.names($0.file) } == ["file"])
        let group = Self.read("{ ls; pwd; } > file").commands
        #expect(group.map { $0.redirections.flatMap { HostPath.names($0.file) } } == [["file"], []])
    }

    @Test("a command that is run by others is there with them, and they are named")
    func wrappers() {
        let commands = Self.read("sudo -u root env A=1 sh -c 'rm x'").commands
        #expect(commands.map(\.name) == ["sudo", "env", "sh", "rm"])
        #expect(commands.map(\.wrappers) == [[], ["sudo"], ["sudo", "env"], ["sudo", "env", "sh"]])
    }

    @Test("commands come in the order of the text")
    func order() {
        #expect(Self.names("a $(b; c) | d && { e; f; }; g <(h)") == ["a", "b", "c", "d", "e", "f", "g", "h"])
    }

    @Test("a script that is run by its path is a command of its own")
    func ownPath() {
        let script = Self.read("cp y x && ./x")
        #expect(script.commands.map(\.path) == ["cp", "./x"])
        #expect(!script.isOpaque)
    }

    @Test(
        "reasons are sentences for people",
        arguments: ["$X", "find . -delete", "make", "PATH=x ls", "echo $(ls)", "( ("])
    func reasons(_ line: String) {
        #expect(Self.read(line).opacity.allSatisfy { $0.description.utf8.count > 15 })
    }
}
