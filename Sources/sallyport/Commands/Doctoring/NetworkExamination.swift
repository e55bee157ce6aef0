import AsyncHTTPClient
import ConfigFile
import Foundation
import GatewayCore
import Identity
import NIOCore
import NIOPosix

/// The checks that connect somewhere.
enum NetworkExamination {
    /// Whether a gateway answers at the configured console.
    static func isRunning(_ configuration: GatewayConfiguration) async -> Bool {
        guard let client = try? CommandHTTP.client() else { return false }
        let request = HTTPClientRequest(url: "\(configuration.console.url)/healthz")
        return (try? await client.execute(request, timeout: .seconds(3)))?.status == .ok
    }

    static func ports(_ configuration: GatewayConfiguration, isRunning: Bool) -> [Diagnosis] {
        let listeners = configuration.listeners.flatMap { listener in
            listener.section.addresses.map { ("\(listener.kind) listener", $0.address) }
        }
        return (listeners + [("console", configuration.console.address)]).map { name, address in
            guard let problem = obstacle(to: address) else { return .ok("ports", "\(name) \(address): free") }
            if isRunning { return .ok("ports", "\(name) \(address): a gateway serves there") }
            return .fail(
                "ports", "\(name) \(address): \(problem)", "stop what listens there, or choose another address")
        }
    }

    /// Why nobody could listen there now.
    private static func obstacle(to address: ConfigAddress) -> String? {
        do {
            let target = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
            let descriptor = socket(target.protocol == .inet6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { return String(cString: strerror(errno)) }
            defer { close(descriptor) }
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            let result = target.withSockAddr { pointer, size in bind(descriptor, pointer, socklen_t(size)) }
            return result == 0 ? nil : String(cString: strerror(errno))
        } catch {
            return "the host cannot be resolved (\(error))"
        }
    }

    static func issuers(_ configuration: GatewayConfiguration) async -> [Diagnosis] {
        var found: [Diagnosis] = []
        for issuer in configuration.issuers {
            do {
                let client = try CommandHTTP.client(authorities: issuer.certificateAuthorities)
                let fetcher = HTTPDocumentFetcher(client: client)
                let metadata = try await IssuerMetadata.fetch(issuer.issuer, through: fetcher)
                _ = try await fetcher.fetch(metadata.keySetURL)
                found.append(.ok("issuers", "\(issuer.issuer): discovery and keys are there"))
                found += await clock(against: metadata.keySetURL, client)
            } catch {
                found.append(
                    .fail("issuers", "\(issuer.issuer): \(error)", "until it answers, nobody signs in with new keys"))
            }
        }
        return found
    }

    /// Tokens are judged by this machine's clock, with a minute of leeway.
    private static func clock(against url: String, _ client: HTTPClient) async -> [Diagnosis] {
        guard
            let response = try? await client.execute(HTTPClientRequest(url: url), timeout: .seconds(5)),
            let text = response.headers.first(name: "Date"), let theirs = date(text)
        else { return [] }
        let skew = Int(Date().timeIntervalSince(theirs).rounded())
        // The header counts whole seconds, and the answer was on its way for some time.
        if abs(skew) <= 5 { return [.ok("clock", "agrees with \(url)")] }
        let way = skew > 0 ? "ahead of" : "behind"
        let offset = "\(abs(skew)) s \(way) \(url)"
        return abs(skew) > 60
            ? [.fail("clock", offset, "set the clock (NTP): tokens are refused as expired or not yet valid")]
            : [.warn("clock", offset, "set the clock (NTP) before it is off by more than a minute")]
    }

    /// RFC 9110 section 5.6.7, the form that servers send.
    static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text)
    }

    static func upstreams(_ configuration: GatewayConfiguration) async -> [Diagnosis] {
        var found: [Diagnosis] = []
        for target in configuration.targets {
            guard target.section.declares("url"), let text = target.section.string("url"), let url = URL(string: text),
                let host = url.host
            else { continue }
            let port = url.port ?? (url.scheme == "https" ? 443 : 80)
            do {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connectTimeout(.seconds(5)).connect(host: host, port: port).get()
                try? await channel.close()
                found.append(.ok("upstreams", "\(target.name): \(host):\(port) accepts connections"))
            } catch {
                found.append(
                    .fail(
                        "upstreams", "\(target.name): \(host):\(port) cannot be reached (\(CommandHTTP.reason(error)))",
                        "calls of it are answered 502 until it runs"))
            }
        }
        return found
    }
}
