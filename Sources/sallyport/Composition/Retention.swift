import Audit
import ConfigFile
import GatewayCore
import Identifiers
import Logging
import NIOPosix
import Retention
import ServiceLifecycle
import StrictJSON
import Vault

/// Seals evidence when it is closed and deletes it when it is due, off the event loops.
struct RetentionService: Service {
    let keeper: EvidenceKeeper
    let interval: Duration
    let reader: AuditReader
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await adopt()
            var last: ContinuousClock.Instant?
            while !Task.isCancelled {
                let now = ContinuousClock.now
                if last.map({ now - $0 >= interval }) ?? true {
                    await tick(elapsed: last.map { now - $0 } ?? .zero)
                    last = now
                } else if keeper.hasWaiting {
                    await seal()
                }
                try? await Task.sleep(for: min(.seconds(1), interval))
            }
        }
        // What closed last.
        await seal()
    }

    private func adopt() async {
        do {
            try await NIOThreadPool.singleton.runIfActive {
                try keeper.adopt { sessions, commands in
                    try EvidenceOwners(sessions: sessions, commands: commands).read(reader)
                }
            }
        } catch is CancellationError {
        } catch {
            logger.error("evidence of before cannot be looked through", metadata: ["error": "\(error)"])
        }
    }

    private func tick(elapsed: Duration) async {
        do {
            let deletions = try await NIOThreadPool.singleton.runIfActive {
                try keeper.tick(at: .now, elapsed: elapsed)
            }
            for deletion in deletions {
                logger.notice(
                    "evidence was deleted",
                    metadata: [
                        "target": "\(deletion.target)", "kind": "\(deletion.kind.rawValue)",
                        "period": "\(deletion.period)", "files": "\(deletion.count)", "rule": "\(deletion.rule)",
                    ])
            }
        } catch is CancellationError {
        } catch {
            logger.error("evidence that is due may not be deleted", metadata: ["error": "\(error)"])
        }
    }

    private func seal() async {
        if let failure = try? await NIOThreadPool.singleton.runIfActive({ keeper.sealClosed(at: .now) }) {
            logger.error("evidence stays unsealed for now", metadata: ["error": "\(failure)"])
        }
    }
}

/// Whose sessions and commands are, as the log says.
struct EvidenceOwners {
    let sessions: Set<UUIDv7>
    let commands: Set<UUIDv7>

    /// Streams through the whole log.
    func read(_ reader: AuditReader) throws -> [UUIDv7: EvidenceOwner] {
        var owners: [UUIDv7: EvidenceOwner] = [:]
        let filter = AuditFilter(kinds: ["session-start", "intent", "refusal"])
        // Journals first: what is signed in between is then seen twice rather than not at all.
        let pending = try reader.pendingEntries(matching: filter)
        var entries = try reader.entries(matching: filter)
        while let entry = try entries.next() { take(entry, &owners) }
        for entry in pending { take(entry, &owners) }
        return owners
    }

    private func take(_ entry: AuditEntry, _ owners: inout [UUIDv7: EvidenceOwner]) {
        let session = entry.session.flatMap { UUIDv7($0) }
        let wanted: UUIDv7?
        if entry.kind == "session-start" {
            wanted = session.flatMap { sessions.contains($0) ? $0 : nil }
        } else {
            wanted = entry.id.flatMap { commands.contains($0) ? $0 : nil }
        }
        guard let wanted, let session, let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord),
            let issuer = value["caller"]?["issuer"]?.string, let subject = value["caller"]?["subject"]?.string,
            let target = value["target"]?["name"]?.string
        else { return }
        owners[wanted] = EvidenceOwner(session: session, issuer: issuer, subject: subject, target: target)
    }
}

extension RetentionLog {
    /// Entries of the gateway's own log.
    init(_ auditLog: AuditLog, _ reader: AuditReader) {
        self.init(
            entry: { kind, time, members in
                let entry = ControlEntry(kind: kind, at: time, members)
                return (entry.id, entry.bytes)
            },
            append: { bytes in
                try auditLog.append(bytes)
                try auditLog.integrateNow()
            },
            contains: { id in
                guard let entry = try reader.entry(id: id) else { return false }
                // In a journal it may not be on the disk yet.
                if entry.index == nil { try auditLog.integrateNow() }
                return true
            })
    }
}

extension RetentionRules {
    /// A rule may be for a target that is not there any more, whose evidence is.
    ///
    /// - Throws: `ConfigError` where nothing would ever be kept.
    init(_ section: ConfigSection, targets: [Target]) throws {
        func durations(_ section: ConfigSection) throws -> [EvidenceKind: Duration] {
            var all: [EvidenceKind: Duration] = [:]
            for kind in EvidenceKind.allCases {
                guard let duration = section.duration(kind.rawValue) else { continue }
                guard duration > .zero else {
                    throw section.error(
                        kind.rawValue, "what is not to be kept is not to be recorded: \(kind.rawValue) takes a time")
                }
                all[kind] = duration
            }
            return all
        }
        var own: [String: [EvidenceKind: Duration]] = [:]
        for (name, rules) in section.namedSections("targets") {
            own[name] = try durations(rules)
        }
        let interval = section.duration("interval") ?? .seconds(3600)
        guard interval > .zero else { throw section.error("interval", "the interval takes a time") }
        self.init(
            usual: try durations(section.section("default")), targets: own,
            configured: targets.map(\.name), grace: section.duration("grace") ?? .seconds(86_400), interval: interval)
    }
}

extension EvidenceKeeper {
    /// That of a gateway, on the log that it has open.
    convenience init(_ configuration: GatewayConfiguration, _ auditLog: AuditLog, _ reader: AuditReader) throws {
        let size = auditLog.checkpoint().treeSize
        let newest = try size > 0 ? reader.entry(at: size - 1).time.flatMap { Timestamp($0) } : nil
        try self.init(
            state: configuration.stateDirectory, rules: configuration.retention,
            log: RetentionLog(auditLog, reader), newest: newest)
    }
}
