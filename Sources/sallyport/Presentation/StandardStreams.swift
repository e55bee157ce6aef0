import Foundation
import Synchronization

/// Standard output and standard error. What standard output does not take is remembered and ends the command as a failure:
/// who is told by an exit status that all is well must be able to read what was found.
enum StandardStreams {
    /// The error number of the first write to standard output that failed.
    private static let failure = Mutex<Int32?>(nil)

    /// Takes the places of the streams that were closed before the start. Otherwise the next file that is opened gets the
    /// number, and what is printed is written into it. Writing fails as before.
    static func occupy() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes to standard output.
    ///
    /// - Throws: `CommandFailure` where it does not take all of it.
    static func output(_ data: Data) throws {
        guard let code = put(data, on: STDOUT_FILENO) else { return }
        failure.withLock { $0 = $0 ?? code }
        throw unwritable(code)
    }

    /// Writes to standard output; `check()` says at the end whether it took it.
    static func print(_ text: String) { try? output(Data(text.utf8)) }

    /// Writes to standard error, as far as there is somebody who reads it.
    static func complain(_ text: String) { _ = put(Data(text.utf8), on: STDERR_FILENO) }

    /// - Throws: `CommandFailure` unless standard output took all that was written to it.
    static func check() throws {
        let flushed = fflush(nil) == 0 ? nil : errno
        if let code = failure.withLock({ $0 }) ?? flushed { throw unwritable(code) }
    }

    private static func unwritable(_ code: Int32) -> CommandFailure {
        CommandFailure("the output cannot be written: \(String(cString: strerror(code)))", status: .unavailable)
    }

    /// Writes all of it, to a file as well.
    ///
    /// - Returns: The number of the error that ended it; `nil` when all was written.
    static func put(_ data: Data, on descriptor: Int32) -> Int32? {
        data.withUnsafeBytes { buffer -> Int32? in
            var rest = buffer
            while let start = rest.baseAddress, rest.count > 0 {
                let count = write(descriptor, start, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if errno == EAGAIN {
                    // A terminal that another program made non-blocking.
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&ready, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }
}

/// In the place of the standard library's, which says nothing of what it cannot write, and keeps lines to itself where no
/// terminal reads them.
func print(_ text: String, terminator: String = "\n") { StandardStreams.print(text + terminator) }
