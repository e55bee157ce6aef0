@testable import SSHExec

/// Command lines.
enum ShellLines {
    static func read(_ bytes: [UInt8]) {
        let script = ShellReader.read(bytes)
        precondition(script.commands.count <= max(bytes.count, 1), "more commands than bytes")
        precondition(script == ShellReader.read(bytes), "a line that is read otherwise the second time")
    }
}
