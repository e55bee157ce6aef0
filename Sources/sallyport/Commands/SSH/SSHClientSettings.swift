import Foundation

/// What `ssh` has to know of one target, as a block of ssh_config(5).
struct SSHClientSettings {
    let target: String
    /// Whom to be on the host, where the target leaves that to its callers.
    let login: String?
    let host: String
    let port: Int
    let folder: SSHKeyFolder
    /// The key to sign in with, instead of the folder's.
    let identityFile: String?

    /// - Throws: `CommandFailure` for names that mean something else to `ssh`.
    init(target: String, login: String?, host: String, port: Int, folder: SSHKeyFolder, identityFile: String? = nil)
        throws
    {
        for name in [target, host] + (login.map { [$0] } ?? []) {
            guard Self.isPlain(name) else {
                throw CommandFailure(
                    "\"\(Terminal.plain(name))\" is no name: letters, digits, `-`, `_`, `.` and, in addresses, `:`",
                    status: .usage)
            }
        }
        guard (1...65_535).contains(port) else { throw CommandFailure("\(port) is no port", status: .usage) }
        self.target = target
        self.login = login
        self.host = host
        self.port = port
        self.folder = folder
        self.identityFile = identityFile
    }

    var text: String {
        """
        Host \(target)
            HostName \(host)
            Port \(port)
            User \(login.map { "\($0)+" } ?? "")\(target)
            IdentityFile \(Self.quoted(identityFile ?? folder.identityFile))
            IdentitiesOnly yes
            UserKnownHostsFile \(Self.quoted(folder.knownHostsFile))

        """
    }

    /// No pattern, no option, no token and no second word.
    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "-"), name.utf8.count <= 255 else { return false }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-_.:".utf8.contains(byte)
        }
    }

    /// `ssh` expands what stands after `%`.
    private static func quoted(_ path: String) -> String {
        let text = path.replacing("%", with: "%%")
        return text.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } ? "\"\(text)\"" : text
    }
}
