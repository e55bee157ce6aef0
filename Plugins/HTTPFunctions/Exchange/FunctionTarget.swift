import GatewayCore
import NIOCore

/// One target as this adapter uses it.
final class FunctionTarget: Sendable {
    /// What happens to a kind of field that carries credentials.
    enum Passing: String, Sendable { case pass, drop }

    /// The place in the list of targets, and of their connection pools.
    let index: Int
    let target: Target
    let host: String?
    /// Starts with a slash and does not end in one; empty for all paths.
    let prefix: String
    let upstream: UpstreamOptions
    let reader: any RequestReader
    let credential: (any CredentialSource)?
    let cookies: Passing
    let setCookie: Passing
    let authorization: Passing
    let bodyLimit: Int?

    var name: String { target.name }

    init(
        index: Int, target: Target, host: String?, prefix: String, upstream: UpstreamOptions,
        reader: any RequestReader, credential: (any CredentialSource)?, cookies: Passing = .drop,
        setCookie: Passing = .pass, authorization: Passing = .drop, bodyLimit: Int? = nil
    ) {
        self.index = index
        self.target = target
        self.host = host
        self.prefix = prefix
        self.upstream = upstream
        self.reader = reader
        self.credential = credential
        self.cookies = cookies
        self.setCookie = setCookie
        self.authorization = authorization
        self.bodyLimit = bodyLimit
    }
}

/// Finds the target of a request: those of its host first, then those of any host; the longest prefix wins.
struct RouteTable: Sendable {
    private var byHost: [String: [FunctionTarget]] = [:]
    private var anyHost: [FunctionTarget] = []
    let targets: [FunctionTarget]

    init(_ targets: [FunctionTarget]) {
        self.targets = targets
        for target in targets.sorted(by: { $0.prefix.utf8.count > $1.prefix.utf8.count }) {
            if let host = target.host { byHost[host, default: []].append(target) } else { anyHost.append(target) }
        }
    }

    /// - Returns: The target, and the path below its prefix.
    func find(host: String?, path: String) -> (target: FunctionTarget, path: String)? {
        if !byHost.isEmpty, let host, let found = Self.find(path, among: byHost[HostField.name(host)] ?? []) {
            return found
        }
        return Self.find(path, among: anyHost)
    }

    private static func find(
        _ path: String, among targets: [FunctionTarget]
    ) -> (target: FunctionTarget, path: String)? {
        for target in targets {
            if target.prefix.isEmpty { return (target, path) }
            guard path.utf8.starts(with: target.prefix.utf8) else { continue }
            let rest = path.utf8.dropFirst(target.prefix.utf8.count)
            // A prefix ends where a segment ends: /payments is not the start of /payments-test.
            if rest.isEmpty { return (target, "/") }
            if rest.first == UInt8(ascii: "/") { return (target, String(Substring(rest))) }
        }
        return nil
    }
}
