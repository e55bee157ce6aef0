import Testing

@testable import SSHExec

@Suite("A path on a host, as policies see it")
struct HostPathTests {
    private static func names(_ path: String) -> [String] { HostPath(path.utf8).names }

    @Test(
        "has one form",
        arguments: [
            ("/etc/shadow", "/etc/shadow"), ("//etc///shadow/", "/etc/shadow"), ("/./etc/./shadow/.", "/etc/shadow"),
            ("/../../etc/shadow", "/etc/shadow"), ("/", "/"), ("//", "/"), ("/.", "/"), ("/...", "/..."),
            ("/a/..b/c..", "/a/..b/c.."), ("a", "a"), ("./a", "a"), ("././/a//b/", "a/b"), (".", "."), ("./", "."),
            ("../a", "../a"), ("../../a/", "../../a"), (".././a", "../a"), ("~/a", "~/a"), ("~u//a", "~u/a"),
            ("/proc/cpuinfo", "/proc/cpuinfo"), ("/dev/fd/3", "/dev/fd/3"), ("/proc/self/status", "/proc/self/status"),
            ("/a\\b", "/a\\\\b"),
        ])
    func form(_ path: String, _ form: String) { #expect(Self.names(path) == [form]) }

    @Test(
        "may be any other once it goes up from a name, or through a link that every host has",
        arguments: [
            ("/pub/../etc/shadow", "/etc/shadow"), ("/pub/..", "/"), ("/a/b/../../..", "/"), ("a/../b", "b"),
            ("a/..", "."), ("a/../../b", "../b"), ("~u/../etc", "etc"), ("/proc/self/root/etc", "/proc/self/root/etc"),
            ("/proc/1/cwd", "/proc/1/cwd"), ("/proc/self/task/1/root/x", "/proc/self/task/1/root/x"),
            ("//proc/./self/fd/3", "/proc/self/fd/3"), ("/dev/fd/3/x", "/dev/fd/3/x"),
        ])
    func uncertain(_ path: String, _ form: String) { #expect(Self.names(path) == [form, "?"]) }

    @Test(
        "that is relative is never taken for an absolute one", arguments: ["a", "./a", "../a", "~/a", "a/../../b", ""])
    func relative(_ path: String) { #expect(!HostPath(path.utf8).isAbsolute) }

    @Test("of a word that is not known, or is empty, is not known")
    func words() {
        #expect(HostPath.names(ShellWord(text: "$x", isKnown: false)) == ["?"])
        #expect(HostPath.names(ShellWord(text: "", isKnown: true)) == ["?"])
        #expect(HostPath.names(ShellWord(text: "/a//b", isKnown: true)) == ["/a/b"])
    }

    @Test(
        "of an executable tells one of the folder from one that is looked for",
        arguments: [
            ("ls", "ls"), ("./ls", "./ls"), (".//ls", "./ls"), ("bin/ls", "bin/ls"), ("/bin//ls", "/bin/ls"),
            ("/usr/bin/../../tmp/ls", "?"), ("../ls", "../ls"), ("a/../ls", "?"),
        ])
    func executable(_ path: String, _ form: String) { #expect(HostPath.executable(path) == form) }
}
