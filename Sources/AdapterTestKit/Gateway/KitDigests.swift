import Crypto
import GatewayCore

extension CommandDigest.Key {
    /// A key that never changes, for tests that compare digests with one another.
    public static let kit = CommandDigest.Key(pseudonymKey: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
}

extension Command {
    /// The digest under the kit's own key.
    public func digest(target: String) -> CommandDigest { digest(target: target, key: .kit) }
}
