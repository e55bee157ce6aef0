import Audit
import Foundation
import Logging

extension GatewayConfiguration {
    /// Where the log is and how it works, for the gateway and for commands that work on the log in its place.
    func auditOptions(_ logger: Logger) -> AuditOptions {
        AuditOptions(
            directory: auditDirectory, origin: audit.origin, keyPath: signingKeyPath, durability: audit.durability,
            integrationInterval: audit.interval, logger: logger)
    }

    var signingKeyPath: String {
        switch audit.signingKey {
        case .file(let path)?: Self.resolve(path, from: baseDirectory)
        case nil: "\(stateDirectory)/audit-signing.key"
        }
    }

    /// The public half of the log's key, which the gateway keeps beside the private one.
    var auditKeyPath: String {
        URL(fileURLWithPath: signingKeyPath).deletingLastPathComponent().appendingPathComponent("log.vkey").path
    }
}
