import ConfigFile
import NIOSSL

/// The keys of a `tls` mapping wherever the gateway itself is the server.
public enum ServerTLS {
    public static let keys: [ConfigKey] = [
        ConfigKey("certificate", .file, required: true, summary: "PEM file: the certificate, then its intermediates."),
        ConfigKey("key", .secret, required: true, summary: "The certificate's private key in PEM."),
    ]

    /// TLS 1.2 and later, without ALPN.
    ///
    /// - Throws: `ConfigError` where the files cannot be used, or not together.
    public static func configuration(
        _ section: ConfigSection, baseDirectory: String
    ) throws(ConfigError) -> TLSConfiguration {
        let chain = try TLSFiles.certificates(section, "certificate", baseDirectory: baseDirectory)
        let key = try TLSFiles.privateKey(section, "key", baseDirectory: baseDirectory)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw section.error("certificate", "certificate and key cannot be used together: \(error)")
        }
        return configuration
    }
}
