import AdapterTestKit
import Approvals
import Foundation
import GatewayCore
import Identifiers
import Identity
import NIOCore
import NIOPosix
import StrictJSON

/// One session of a caller on a gateway of the kit's, as a test away from the event loop can use it.
final class TrySession: Sendable {
    let id: UUIDv7
    let gateway: KitGateway
    private let held: NIOLoopBound<Held>
    private var loop: any EventLoop { held.eventLoop }

    /// What may not leave the loop.
    private final class Held {
        let session: Session
        var permits: [UUIDv7: PermitHolder] = [:]
        let told: Told

        let lane: Lane

        init(_ lane: Lane, _ caller: Caller, _ client: String) throws {
            self.lane = lane
            let told = Told()
            session = try lane.openSession(caller: caller, target: try Wanted.target(), client: client) {
                told.reasons.append($0)
                // As adapters do: the connection is closed, and with it the session.
                told.session?.close(reason: "the connection closed")
            }
            told.session = session
            self.told = told
        }
    }

    private final class Told {
        var reasons: [String] = []
        weak var session: Session?
    }

    private final class PermitHolder {
        var permit: Permit?
        init(_ permit: consuming Permit) { self.permit = consume permit }
    }

    init(
        _ gateway: KitGateway, as person: KitPerson = .caller, client: String = "10.1.2.3:4567",
        on loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    ) async throws {
        self.gateway = gateway
        let caller = try await gateway.caller(person)
        held = try await loop.submit {
            NIOLoopBound(
                try Held(gateway.sessions.lane(on: loop), caller, client), eventLoop: loop)
        }.get()
        let held = held
        id = try await loop.submit { held.value.session.id }.get()
    }

    // MARK: Deciding

    enum Said: Sendable {
        case permitted(UUIDv7, rules: [String], maximumRows: Int?)
        case refused(Refusal)
        case needsApproval(ApprovalNeeded)

        var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
        var commandID: UUIDv7? { if case .permitted(let id, _, _) = self { id } else { nil } }
        var needed: ApprovalNeeded? { if case .needsApproval(let needed) = self { needed } else { nil } }
        /// The name of what refused, or `permitted`, or `needs approval`.
        var word: String {
            switch self {
            case .permitted: "permitted"
            case .refused(let refusal): refusal.rule
            case .needsApproval: "needs approval"
            }
        }
    }

    func decide(_ command: Command) async throws -> Said {
        try await loop.submit { [held] in Self.keep(held.value.session.decide(command), in: held.value) }.get()
    }

    func decidePreparation(_ command: Command) async throws -> Said {
        try await loop.submit { [held] in Self.keep(held.value.session.decidePreparation(command), in: held.value) }
            .get()
    }

    func permit(_ redemption: Redemption) async throws -> Said {
        try await loop.submit { [held] in Self.keep(held.value.session.permit(redemption), in: held.value) }.get()
    }

    private static func keep(_ decision: consuming Decision, in held: Held) -> Said {
        switch consume decision {
        case .refused(let refusal): return .refused(refusal)
        case .needsApproval(let needed): return .needsApproval(needed)
        case .permitted(let permit):
            let said = Said.permitted(
                permit.commandID, rules: permit.masking.ruleNames, maximumRows: permit.maximumRows)
            held.permits[permit.commandID] = PermitHolder(permit)
            return said
        }
    }

    func wouldAllow(_ command: Command) async throws -> Bool {
        try await loop.submit { [held] in held.value.session.wouldAllow(command) }.get()
    }

    // MARK: Ending

    func end(_ id: UUIDv7?, _ outcome: Outcome = Outcome(.succeeded, status: "200")) async throws {
        try await loop.submit { [held] in
            guard let id, let permit = held.value.permits.removeValue(forKey: id)?.permit.take() else { return }
            permit.end(outcome)
        }.get()
    }

    /// Lets the permit go out of scope, as a connection that dies does.
    func drop(_ id: UUIDv7?) async throws {
        try await loop.submit { [held] in if let id { held.value.permits[id] = nil } }.get()
    }

    /// Runs `command` to its end.
    func run(_ command: Command) async throws -> Said {
        let said = try await decide(command)
        try await end(said.commandID)
        return said
    }

    func close(_ reason: String) async throws {
        try await loop.submit { [held] in held.value.session.close(reason: reason) }.get()
    }

    /// What the adapter was told when an operator ended the session.
    var terminations: [String] {
        get async throws { try await loop.submit { [held] in held.value.told.reasons }.get() }
    }

    // MARK: Approval

    func ask(
        _ needed: ApprovalNeeded, because justification: String? = "change 4711"
    ) async throws -> ApprovalAnswer {
        try await loop.flatSubmit { [held] in
            held.value.session.requestApproval(needed, justification: justification)
        }.get()
    }

    func ticket(_ id: UUIDv7) async throws -> Ticket? {
        try await loop.flatSubmit { [held] in held.value.lane.ticket(id, of: held.value.session.caller) }.get()
    }

    /// The entries about this session so far, in their order.
    func entries() throws -> [LogEntry] { try gateway.entries().filter { $0.session == id.description } }
    /// The last entry of `kind`.
    func last(_ kind: String) throws -> LogEntry? { try entries().last { $0.kind == kind } }
}
