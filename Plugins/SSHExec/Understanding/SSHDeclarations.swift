import GatewayCore

/// What the adapter's commands are, for policies and for those who check them.
enum SSHDeclarations {
    /// Beside their own names, what reads files and what writes them has one name each.
    private static let reading = "ssh.file-read"
    private static let writing = "ssh.file-write"

    static let actions: [ActionDeclaration] = [
        ActionDeclaration("ssh.exec", groups: ["ssh"], summary: "Run an executable."),
        ActionDeclaration("ssh.shell", groups: ["ssh"], summary: "Open an interactive shell."),
        ActionDeclaration("ssh.forward", groups: ["ssh"], summary: "Connect to a host and port from the target."),
        ActionDeclaration(
            "ssh.read", groups: ["ssh", reading], summary: "Read a file, by a redirection, scp, rsync or git."),
        ActionDeclaration(
            "ssh.write", groups: ["ssh", writing], summary: "Write a file, by a redirection, scp, rsync or git."),
        ActionDeclaration("sftp.start", groups: ["ssh", "sftp", reading, writing], summary: "Start the SFTP server."),
        ActionDeclaration("sftp.read", groups: ["ssh", "sftp", reading], summary: "Open a file for reading."),
        ActionDeclaration("sftp.list", groups: ["ssh", "sftp", reading], summary: "List a folder."),
        ActionDeclaration(
            "sftp.stat", groups: ["ssh", "sftp", reading], summary: "Read a file's attributes or a link."),
        ActionDeclaration("sftp.write", groups: ["ssh", "sftp", writing], summary: "Open a file for writing."),
        ActionDeclaration("sftp.setstat", groups: ["ssh", "sftp", writing], summary: "Change a file's attributes."),
        ActionDeclaration("sftp.remove", groups: ["ssh", "sftp", writing], summary: "Remove a file."),
        ActionDeclaration("sftp.rmdir", groups: ["ssh", "sftp", writing], summary: "Remove a folder."),
        ActionDeclaration("sftp.mkdir", groups: ["ssh", "sftp", writing], summary: "Make a folder."),
        ActionDeclaration("sftp.rename", groups: ["ssh", "sftp", writing], summary: "Rename a file."),
        ActionDeclaration("sftp.symlink", groups: ["ssh", "sftp", writing], summary: "Make a symbolic or hard link."),
    ]

    static let resourceTypes: [ResourceTypeDeclaration] = [
        ResourceTypeDeclaration(
            "Executable", summary: "A program, by the last part of its path; `path` is the whole. `?` is one unknown."),
        ResourceTypeDeclaration(
            "File", summary: "A file or folder of the host, without `//`, `.` and `..`; `?` is one unknown."),
        ResourceTypeDeclaration("Login", summary: "A login on the host."),
        ResourceTypeDeclaration("Endpoint", summary: "A host and port; `host` and `port` are its parts."),
    ]

    static let facts: [FactDeclaration] = [
        FactDeclaration("ssh.login", .string, summary: "The login on the host."),
        FactDeclaration("ssh.pty", .bool, usual: .bool(false), summary: "Whether the command has a terminal."),
        FactDeclaration(
            "ssh.transfer", .string, usual: .string(""),
            summary:
                "scp, rsync, git or sftp, where the command is or may be their server part; several with a + between."
        ),
        FactDeclaration(
            "shell.opaque", .bool, usual: .bool(false), summary: "Whether what runs cannot be known without running it."
        ),
        FactDeclaration("shell.opaque_because", .strings, usual: .strings([]), summary: "Why not."),
        FactDeclaration(
            "shell.commands", .integer,
            summary: "How many simple commands the command line has; 0 where there is none, as in SFTP."),
        FactDeclaration(
            "shell.wrappers", .strings, usual: .strings([]),
            summary: "The programs that others were run by, such as sudo."),
        FactDeclaration("opaque", .bool, usual: .bool(false), summary: "The same as shell.opaque."),
    ]
}
