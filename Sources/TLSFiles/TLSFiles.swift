import ConfigFile
import NIOSSL

/// Reads certificates and keys that the configuration names.
public enum TLSFiles {
    /// - Parameter key: A key of `section` with the path of a PEM file.
    /// - Throws: `ConfigError` at that key.
    public static func certificates(
        _ section: ConfigSection, _ key: String, baseDirectory: String
    ) throws(ConfigError) -> [NIOSSLCertificate] {
        let path = absolute(section.string(key) ?? "", baseDirectory)
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else { throw section.error(key, "\(path) holds no certificate") }
            return certificates
        } catch let error as ConfigError {
            throw error
        } catch {
            throw section.error(key, "\(path) cannot be read as PEM certificates")
        }
    }

    /// - Parameter key: A key of `section` with a reference to a private key in PEM.
    /// - Throws: `ConfigError` at that key.
    public static func privateKey(
        _ section: ConfigSection, _ key: String, baseDirectory: String
    ) throws(ConfigError) -> NIOSSLPrivateKey {
        guard let reference = section.secret(key) else { throw section.error(key, "a private key is needed") }
        let secret: Secret
        do throws(SecretError) {
            secret = try reference.resolve(relativeTo: baseDirectory)
        } catch {
            throw section.error(key, "\(error)")
        }
        do {
            return try NIOSSLPrivateKey(bytes: Array(secret.reveal().utf8), format: .pem)
        } catch {
            throw section.error(key, "\(reference) is not a private key in PEM")
        }
    }

    private static func absolute(_ path: String, _ baseDirectory: String) -> String {
        path.hasPrefix("/") ? path : "\(baseDirectory)/\(path)"
    }
}
