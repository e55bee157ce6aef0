/// Reads the command line of an SSH `exec` request as the login's shell would (POSIX.1-2017, XCU 2), without
/// running it.
///
/// It errs to one side: a command may be shown that would not run, and what is not certain is opaque; but a line that
/// is not opaque runs nothing that is not shown. That holds for what the shell and the known programs do with their
/// arguments, not for what an unknown program does by itself.
enum ShellReader {
    static let longestLine = 256 * 1024

    /// - Parameter environment: Variables that the caller sets beside the line.
    static func read(
        _ line: some Collection<UInt8>, environment: [(name: String, value: String)] = []
    ) -> ShellScript {
        guard line.count <= longestLine else { return ShellScript(opacity: [.length]) }
        var bytes = Array(line)
        var reading = ShellReading()
        reading.checkEnvironment(environment)
        if String(validating: bytes, as: UTF8.self) == nil { reading.note(.notUTF8) }
        if bytes.contains(0) {
            // Some shells drop it, others end there.
            reading.note(.controlCharacter)
            bytes.removeAll { $0 == 0 }
        }
        reading.read(bytes, in: ShellReading.Place())
        return reading.script
    }

    /// Why it is not known what runs where a program of the host's choice gets these variables.
    static func opacity(of environment: [(name: String, value: String)]) -> [ShellOpacity] {
        var reading = ShellReading()
        reading.checkEnvironment(environment)
        return reading.script.opacity
    }
}
