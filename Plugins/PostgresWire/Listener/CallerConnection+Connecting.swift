import ConfigFile
import GatewayCore
import NIOCore

// From a caller who has signed in to a session with a database.
extension CallerConnection {
    func connect(_ session: Session, _ target: PostgresTarget, _ database: String) {
        let command = Command(
            effects: [
                Effect(
                    action: startup.asksForReplication ? "sql.replication" : "sql.connect",
                    resource: Resource(type: "Database", name: database))
            ],
            text: startup.asksForReplication ? "replicate \(database)" : "connect to \(database)",
            facts: SQLFacts.harmless(kind: "connect") + [Fact("sql.database", .string(database))])
        switch session.decide(command) {
        case .permitted(let permit): dial(permit, session, target, database)
        case .refused(let refusal):
            session.close(reason: "refused")
            refuse(ErrorFields(refusal).asFatal)
        case .needsApproval:
            session.close(reason: "refused")
            refuse(.connectingNeedsApproval)
        }
    }

    private func dial(_ permit: consuming Permit, _ session: Session, _ target: PostgresTarget, _ database: String) {
        let label = session.caller.label ?? session.caller.subject
        let parameters: [String: String]
        do throws(SecretError) {
            parameters = try UpstreamParameters(target, startup).parameters(
                database: database, session: session, label: label)
        } catch {
            permit.end(Outcome(.interrupted, status: "08001", reason: "\(error)"))
            session.close(reason: "the database could not be reached")
            return refuse(.unreachable("the gateway's credential for it cannot be had"))
        }
        phase = .waiting
        peer.setReading(false)
        let open = OpenPermit(permit)
        services.dialer.dial(parameters, within: target.connectTimeout, on: channel.eventLoop)
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let upstream):
                    open.end(Outcome(.succeeded, status: "connected"))
                    self.connected(upstream, session, target, database)
                case .failure(let error):
                    let error = error as? UpstreamDialError ?? UpstreamDialError("\(error)")
                    open.end(Outcome(.interrupted, status: "08001", reason: error.message))
                    session.close(reason: "the database could not be reached")
                    self.refuse(.unreachable(error))
                }
            }
    }

    private func connected(
        _ upstream: UpstreamConnection, _ session: Session, _ target: PostgresTarget, _ database: String
    ) {
        guard case .waiting = phase, channel.isActive else {
            upstream.channel.close(promise: nil)
            return session.close(reason: "the caller's connection ended")
        }
        let upstreamPeer = ChannelPeer(upstream.channel, isReading: false, writeTimeout: .minutes(10))
        let dialer = services.dialer
        let canceller = upstream.canceller
        let place = RelayPlace(
            target: target, database: database, options: listener.options,
            catalog: services.catalog(of: target, database), isReplication: startup.asksForReplication,
            cancelUpstream: { dialer.cancel(canceller) })
        let relay = Relay(
            session: session, services: loop, place: place, caller: peer, upstream: upstreamPeer,
            parameters: upstream.parameters, transaction: .idle, onClose: { [weak self] _ in self?.relayClosed() })
        do {
            try upstream.channel.pipeline.syncOperations.addHandler(UpstreamHandler(relay: relay, peer: upstreamPeer))
        } catch {
            return relay.fail(.connectionFailure("\(error)"), reason: "\(error)")
        }
        let bound = NIOLoopBound(relay, eventLoop: channel.eventLoop)
        let key = services.cancels.register(secretLength: startup.minorVersion >= 2 ? 32 : 4) {
            [eventLoop = channel.eventLoop] in
            eventLoop.execute { bound.value.cancel() }
        }
        cancelKey = key
        deadline?.cancel()
        phase = .relaying(relay)
        peer.write(Authentication.ok)
        for (name, value) in upstream.parameters.sorted(by: { $0.key < $1.key }) {
            peer.write(ParameterStatus.message(name, value))
        }
        peer.write(key.message)
        peer.write(ReadyForQuery.message(.idle))
        peer.flush()
        upstreamPeer.setReading(true)
        peer.setReading(true)
        if loop.isDraining { relay.drain() }
        let rest = machine.takeRest()
        if rest.readableBytes > 0 { relay.receiveFromCaller(rest) }
        lastHeard = .now()
        watchSilence()
    }

    private func relayClosed() {
        phase = .closed
    }
}

/// A permit that a future's callback ends.
private final class OpenPermit {
    private var permit: Permit?

    init(_ permit: consuming Permit) { self.permit = consume permit }

    func end(_ outcome: Outcome) {
        guard let permit = permit.take() else { return }
        permit.end(outcome)
    }
}
