import GatewayCore
import Identity
import NIOCore

/// The sessions of one connection: one for each caller and target that it carries, opened at its first command.
final class CallerSessions {
    /// A session, and what the adapter remembers of it.
    final class Entry {
        let session: Session
        let targetIndex: Int
        let openedAt: NIODeadline
        var inFlight = 0

        init(session: Session, targetIndex: Int) {
            self.session = session
            self.targetIndex = targetIndex
            openedAt = .now()
        }
    }

    /// A caller's proxy may carry many people on one connection; beyond this many the oldest unused session is closed.
    static let limit = 64

    let services: LoopServices
    /// The peer's address.
    let client: String
    private var entries: [Entry] = []
    private let onTerminate: () -> Void
    /// How an operator ended one of the sessions, and so the connection.
    private var termination: String?

    /// - Parameter onTerminate: Closes the connection, when an operator ends one of its sessions.
    init(services: LoopServices, client: String, onTerminate: @escaping () -> Void) {
        self.services = services
        self.client = client
        self.onTerminate = onTerminate
    }

    func entry(for caller: Caller, target: FunctionTarget) throws(Refusal) -> Entry {
        if let known = entries.first(where: { $0.targetIndex == target.index && $0.session.caller == caller }) {
            return known
        }
        if entries.count >= Self.limit, let oldest = entries.firstIndex(where: { $0.inFlight == 0 }) {
            entries.remove(at: oldest).session.close(reason: "the connection carries more sessions than are kept")
        }
        let session = try services.lane.openSession(
            caller: caller, target: target.target, client: client,
            onTerminate: { [weak self, onTerminate] reason in
                self?.termination = "a session of this connection was \(reason)"
                onTerminate()
            })
        let entry = Entry(session: session, targetIndex: target.index)
        entries.append(entry)
        return entry
    }

    /// Why calls under way end with the connection: `reason`, unless the gateway has closed it for an operator.
    func endOfCalls(_ reason: String) -> String { termination ?? reason }

    func close(reason: String) {
        for entry in entries { entry.session.close(reason: reason) }
        entries = []
    }
}
