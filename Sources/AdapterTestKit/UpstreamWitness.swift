import GatewayCore
import Synchronization

/// Stands at the upstream's door: notes what arrives, and whether its intent was on the log at that moment.
public final class UpstreamWitness: Sendable {
    struct Arrival: Sendable {
        let marker: String
        /// All that arrived.
        let text: String
        /// The log held the command's intent, and no outcome of it yet.
        let hadOpenIntent: Bool
    }

    private struct State {
        var expected: [ScriptedCommand] = []
        var arrivals: [Arrival] = []
    }

    private let gateway: KitGateway
    private let state = Mutex(State())

    init(gateway: KitGateway) { self.gateway = gateway }

    func expect(_ command: ScriptedCommand) { state.withLock { $0.expected.append(command) } }

    func arrivals(of command: ScriptedCommand) -> [Arrival] {
        state.withLock { $0.arrivals.filter { $0.marker == command.marker } }
    }

    /// The upstream calls it with a whole command as it came, before it acts on it.
    ///
    /// - Returns: What the upstream shall do; `nil` for traffic that is no command of the kit's.
    public func received(_ text: String) -> ScriptedCommand? {
        guard let command = state.withLock({ $0.expected.first { text.contains($0.marker) } }) else { return nil }
        let entries = (try? gateway.entries()) ?? []
        let hadOpenIntent = entries.intents(with: command.marker).contains { entries.outcomes(of: $0).isEmpty }
        state.withLock {
            $0.arrivals.append(Arrival(marker: command.marker, text: text, hadOpenIntent: hadOpenIntent))
        }
        return command
    }
}
