import Hummingbird
import NIOCore

/// What is known of a request before it is read: where it comes from.
struct ConsoleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Address and port as adapters write them, e.g. `10.1.2.3:51234`; `unknown` where the connection is gone already.
    let client: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        client = source.channel.remoteAddress.map(Self.text) ?? "unknown"
    }

    private static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
