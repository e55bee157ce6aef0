import Foundation
import Synchronization

/// A child by `posix_spawn`, which has nothing of ours but its three standard files.
///
/// Not Foundation's `Process`: up to Swift 6.3 it reads beyond its buffer, and now and then crashes, when a program with
/// about 1,350 open files starts a child (swift-corelibs-foundation, pull request 5472).
final class ChildProcess: Sendable {
    let pid: Int32
    private let status = Mutex<Int32?>(nil)

    /// Starts `executable`. The descriptors stay the caller's to close; `nil` is `/dev/null`.
    init(
        _ executable: String, _ arguments: [String], in folder: URL?, environment: [String: String], input: Int32?,
        output: Int32, errors: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // The call that closes all from one on is a GNU extension, which Swift does not see. What another thread opens
        // meanwhile gets a low free number.
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
        for descriptor in 3..<(open.max() ?? 3) + 64 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        // Signals as a shell would hand them over, whatever the test program ignores or blocks.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let command = (folder.map { ["/usr/bin/env", "-C", $0.path] } ?? []) + [executable] + arguments
        let words = command.map { strdup($0) } + [nil]
        let settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var started: pid_t = 0
        let problem = posix_spawn(&started, command[0], &actions, &attributes, words, settings)
        guard problem == 0 else { throw TestFailure("\(executable): \(String(cString: strerror(problem)))") }
        pid = started
        Leftovers.add(process: started)
    }

    deinit {
        guard exitStatus == nil else { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        Leftovers.remove(process: pid)
    }

    /// Its exit status, or the number of the signal that ended it; `nil` while it runs.
    var exitStatus: Int32? {
        status.withLock { status in
            var word: Int32 = 0
            if status == nil, waitpid(pid, &word, WNOHANG) == pid {
                let signal = word & 0x7f
                status = signal == 0 ? (word >> 8) & 0xff : signal
                Leftovers.remove(process: pid)
            }
            return status
        }
    }

    /// Sends a signal, unless the child has ended: its process id may then be another's.
    func signal(_ number: Int32) {
        if exitStatus == nil { kill(pid, number) }
    }
}

/// Both ends of a pipe.
struct PipeEnds {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFailure("pipe: \(String(cString: strerror(errno)))") }
        (reading, writing) = (ends[0], ends[1])
    }
}

/// Hands on what `descriptor` gives until its end, then closes it.
func drain(_ descriptor: Int32, _ take: (UnsafeRawBufferPointer) -> Void) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
    defer { buffer.deallocate() }
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    close(descriptor)
}
