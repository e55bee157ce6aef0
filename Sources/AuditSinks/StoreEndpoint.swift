import Foundation

/// Where an object store answers: a scheme, a host, perhaps a port, and nothing else.
public struct StoreEndpoint: Sendable, Equatable {
    /// Before the target of each request, e.g. `https://s3.eu-central-1.amazonaws.com`.
    public let url: String
    /// What a request says in `Host`, and what is signed: without the port that the scheme implies, as the client
    /// leaves it out.
    let authority: String

    /// - Throws: `StoreEndpointError` for what no request can be signed for: the bucket is addressed by path, so that
    ///   all of the path is ours, and so is the query.
    public init(_ text: String) throws(StoreEndpointError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["https", "http"].contains(scheme), let host = parts.host, !host.isEmpty
        else { throw .malformed }
        guard parts.path.isEmpty || parts.path == "/" else { throw .hasMore("the path \(parts.path)") }
        guard parts.query == nil else { throw .hasMore("a query") }
        guard parts.fragment == nil else { throw .hasMore("a fragment") }
        guard parts.user == nil, parts.password == nil else { throw .hasMore("a user") }
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        let usual = scheme == "https" ? 443 : 80
        authority = parts.port.flatMap { $0 == usual ? nil : "\(name):\($0)" } ?? name
        url = "\(scheme)://\(authority)"
    }
}

/// Why a text is no store's address.
public enum StoreEndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed
    /// It says more than where the store is.
    case hasMore(String)

    public var description: String {
        switch self {
        case .malformed: "a store's endpoint is https://HOST or https://HOST:PORT"
        case .hasMore(let what):
            "a store's endpoint is https://HOST or https://HOST:PORT, without \(what): the bucket has a key of its own, "
                + "and so have prefix and credentials"
        }
    }
}
