import AsyncHTTPClient
import HummingbirdTLS
import Identity

/// Where and how the console is served.
public struct ConsoleOptions: Sendable {
    /// An issuer that people may sign in at with a browser.
    public struct Issuer: Sendable {
        /// As people know it.
        public var name: String
        /// The issuer's URL as its discovery document says it.
        public var issuer: String
        public var clientID: String
        /// Asked for at each sign-in; `nil` for a public client.
        public var clientSecret: (@Sendable () throws -> String)?
        public var scopes: [String]
        public var fetcher: any DocumentFetcher
        /// One that follows no redirects and trusts the issuer's certificate; it stays the caller's to shut down.
        public var client: HTTPClient

        public init(
            name: String, issuer: String, clientID: String, clientSecret: (@Sendable () throws -> String)? = nil,
            scopes: [String] = ["openid", "email", "groups"], fetcher: any DocumentFetcher, client: HTTPClient
        ) {
            self.name = name
            self.issuer = issuer
            self.clientID = clientID
            self.clientSecret = clientSecret
            self.scopes = scopes
            self.fetcher = fetcher
            self.client = client
        }
    }

    /// The address to listen on, e.g. `127.0.0.1`.
    public var host: String
    /// 0 takes any that is free.
    public var port: Int
    /// Where people find the console, e.g. `https://gate.example`, without a slash at its end; `nil` for the address that
    /// it listens on. Forms are taken from pages of this origin alone.
    public var url: String?
    /// Needed unless the console listens on loopback alone, or something in front of it encrypts.
    public var tls: TLSConfiguration?
    /// Plain HTTP beyond loopback: something in front of the console must encrypt, and `url` must be its `https` address.
    public var isBehindTLSProxy = false
    /// Where people sign in by authorization code with PKCE; the redirect URI to register is `<url>/sign-in/callback`.
    /// Without any, pasting a token is the only way to sign in with a browser.
    public var issuers: [Issuer] = []
    /// Whether checkpoints and hash tiles are for everybody. Entries never are.
    public var isTransparencyLogOpen = false

    public init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    var isLoopback: Bool { host == "::1" || host == "localhost" || host.hasPrefix("127.") }

    func check() throws(ConsoleError) {
        if tls == nil && !isLoopback {
            guard isBehindTLSProxy, url?.hasPrefix("https://") ?? false else { throw .notEncrypted(host) }
        }
        if let url, Self.origin(of: url) == nil { throw .badURL(url) }
    }

    /// Scheme, host and port; `nil` when `url` has anything more, or less.
    static func origin(of url: String) -> String? {
        let lower = url.lowercased()
        for scheme in ["https://", "http://"] where lower.hasPrefix(scheme) {
            let rest = lower.dropFirst(scheme.count)
            let isPlain = rest.utf8.allSatisfy { byte in
                byte.isASCIIAlphanumeric
                    || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]")]
                        .contains(byte)
            }
            return rest.isEmpty || !isPlain ? nil : lower
        }
        return nil
    }
}

extension UInt8 {
    fileprivate var isASCIIAlphanumeric: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}

/// Why the console cannot be served.
public enum ConsoleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Tokens and cookies would travel in clear.
    case notEncrypted(String)
    case badURL(String)

    public var description: String {
        switch self {
        case .notEncrypted(let host):
            "the console would listen on \(host) without encryption; give it a certificate, or let it listen on 127.0.0.1"
        case .badURL(let url):
            "the console's URL \"\(url)\" must be a scheme and a host without a path, e.g. https://gate.example"
        }
    }
}
