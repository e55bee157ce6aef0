/// The critical options or the extensions of a certificate (OpenSSH's PROTOCOL.certkeys): names with data.
///
/// Their order is not looked at, as sshd does not either. A name that stands twice refuses the certificate: two readers
/// could take different values.
public struct CertificateOptions: Sendable, Equatable {
    public struct Option: Sendable, Equatable {
        public let name: String
        public let data: [UInt8]
    }

    public let options: [Option]

    public init(parsing bytes: [UInt8], field: String) throws(CertificateError) {
        var options: [Option] = []
        var seen: Set<[UInt8]> = []
        var reader = SSHWireReader(bytes)
        do {
            while !reader.isAtEnd {
                let option = Option(name: try reader.text(), data: try reader.string())
                options.append(option)
            }
        } catch {
            throw .malformed(field: field, error)
        }
        for option in options where !seen.insert(Array(option.name.utf8)).inserted {
            throw .repeatedOption(option.name)
        }
        self.options = options
    }

    public var names: [String] { options.map(\.name) }

    public func data(of name: String) -> [UInt8]? {
        options.first { $0.name.utf8.elementsEqual(name.utf8) }?.data
    }

    /// Whether an option without a value is set. One that has a value is not what it says.
    public func flag(_ name: String) throws(CertificateError) -> Bool {
        guard let data = data(of: name) else { return false }
        guard data.isEmpty else { throw .malformedOption(name) }
        return true
    }

    /// The value of an option that has text: a `string` within the data.
    public func text(_ name: String) throws(CertificateError) -> String? {
        guard let data = data(of: name) else { return nil }
        do {
            var reader = SSHWireReader(data)
            let text = try reader.text()
            try reader.end()
            return text
        } catch {
            throw .malformedOption(name)
        }
    }
}

/// What a certificate's extensions let its holder do.
public enum CertificatePermission: String, Sendable, CaseIterable {
    case x11Forwarding = "permit-X11-forwarding"
    case agentForwarding = "permit-agent-forwarding"
    case portForwarding = "permit-port-forwarding"
    case terminal = "permit-pty"
    case userRC = "permit-user-rc"
    /// A signature of a FIDO authenticator counts although nobody touched it.
    case noTouchRequired = "no-touch-required"
}
