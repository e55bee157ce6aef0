import Approvals
import Audit
import AuditSinks
import ConfigFile
import Foundation
import GatewayCore
import Policy
import Store

/// The checks that need no network.
enum Examination {
    static func policies(_ configuration: GatewayConfiguration, _ registry: AdapterRegistry) -> [Diagnosis] {
        do {
            let loaded = try LoadedPolicies(configuration, registry: registry)
            let check = PolicyCheck(loaded.set, vocabulary: loaded.vocabulary)
            let found = check.findings.map { finding -> Diagnosis in
                finding.severity == .error
                    ? .fail("policy", "\(finding)", "correct it; `sallyport policy check` says the same")
                    : .warn("policy", "\(finding)", "it has no effect as it stands")
            }
            var all = found
            if configuration.policy.mode == .shadow {
                all.append(.warn("policy", "shadow mode: nothing is refused", "set policy.mode to enforce"))
            }
            return all.isEmpty ? [.ok("policy", "\(loaded.set.policies.count) policies, no findings")] : all
        } catch {
            return [.fail("policy", "\(error)", "the gateway does not start like this; correct the policies")]
        }
    }

    /// What each adapter says about its listeners.
    static func adapters(_ configuration: GatewayConfiguration, _ registry: AdapterRegistry) -> [Diagnosis] {
        registry.declarations.flatMap { declaration -> [Diagnosis] in
            let listeners = configuration.listeners.filter { $0.kind == declaration.kind }.map(\.section)
            guard !listeners.isEmpty, let adapter = registry.adapter(ofKind: declaration.kind) else { return [] }
            return adapter.examine(listeners, baseDirectory: configuration.baseDirectory).map { finding in
                finding.advice.map { .fail(declaration.kind, finding.text, $0) } ?? .ok(declaration.kind, finding.text)
            }
        }
    }

    /// Every secret that the file refers to, without showing any.
    static func secrets(_ configuration: GatewayConfiguration) -> [Diagnosis] {
        var references: [(String, SecretReference)] = []
        if let key = configuration.pseudonymKey { references.append(("masking.pseudonym_key", key)) }
        if let webhook = configuration.webhook { references.append(("approvals.webhook.secret", webhook.secret)) }
        for target in configuration.targets {
            references += target.section.secrets.map { ("target \(target.name): \($0.key)", $0.reference) }
        }
        for listener in configuration.listeners {
            references += listener.section.secrets.map { ("listener \(listener.kind): \($0.key)", $0.reference) }
        }
        for sink in configuration.audit.sinks {
            references += sink.secrets.map { ("sink \(sink.name): \($0.key)", $0.reference) }
        }
        return references.map { name, reference in
            do throws(SecretError) {
                _ = try reference.resolve(relativeTo: configuration.baseDirectory)
            } catch {
                return .fail("secrets", "\(name): \(error)", "provide it, or correct the reference \(reference)")
            }
            if case .file(let path) = reference {
                let full = GatewayConfiguration.resolve(path, from: configuration.baseDirectory)
                if let mode = mode(of: full), mode & 0o077 != 0 {
                    return .warn("secrets", "\(name): others can read \(full)", "chmod 600 \(full)")
                }
            }
            return .ok("secrets", "\(name) is there (\(reference))")
        }
    }

    static func state(_ configuration: GatewayConfiguration) -> [Diagnosis] {
        let folder = configuration.stateDirectory
        guard let mode = mode(of: folder) else {
            let parent = URL(fileURLWithPath: folder).deletingLastPathComponent().path
            return FileManager.default.isWritableFile(atPath: parent)
                ? [.ok("state", "\(folder) will be made at the first start")]
                : [.fail("state", "\(folder) cannot be made", "make it, writable for the gateway's user alone")]
        }
        var found: [Diagnosis] = []
        if !FileManager.default.isWritableFile(atPath: folder) {
            found.append(.fail("state", "\(folder) cannot be written", "give it to the gateway's user"))
        }
        if mode & 0o077 != 0 {
            found.append(.warn("state", "others can look into \(folder)", "chmod 700 \(folder)"))
        }
        let keys = [configuration.signingKeyPath, "\(configuration.signingKeyPath).retiring"]
        for path in keys + ["\(folder)/pseudonym.key", "\(folder)/store.sqlite"] {
            if let mode = self.mode(of: path), mode & 0o077 != 0 {
                found.append(.fail("keys", "others can read \(path)", "chmod 600 \(path)"))
            }
        }
        found += space(folder) + store(folder)
        return found.contains { $0.level != .ok } ? found : [.ok("state", folder)] + found
    }

    private static func space(_ folder: String) -> [Diagnosis] {
        guard
            let free = (try? FileManager.default.attributesOfFileSystem(forPath: folder))?[.systemFreeSize] as? NSNumber
        else { return [.warn("disk", "the free space of \(folder) cannot be told", "look yourself")] }
        let mebibytes = free.uint64Value >> 20
        // A full disk refuses every call, since none could be recorded.
        if mebibytes < 100 {
            return [.fail("disk", "\(mebibytes) MiB free: every call is refused when it is full", "make space")]
        }
        if mebibytes < 1024 { return [.warn("disk", "\(mebibytes) MiB free", "make space before it is full")] }
        return [.ok("disk", "\(mebibytes >> 10) GiB free")]
    }

    private static func store(_ folder: String) -> [Diagnosis] {
        let path = "\(folder)/store.sqlite"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        do {
            try Store(path: path, schemas: [ApprovalDesk.schema]).close()
            return [.ok("store", "\(path) is sound")]
        } catch {
            return [.fail("store", "\(error)", "restore it from a backup; tickets in it are lost otherwise")]
        }
    }

    static func log(_ configuration: GatewayConfiguration) -> [Diagnosis] {
        let folder = configuration.auditDirectory
        guard FileManager.default.fileExists(atPath: "\(folder)/checkpoint") else {
            return [.ok("audit", "no log yet; it begins at the first start")]
        }
        do {
            let checkpoint = try AuditReader(directory: folder).checkpoint()
            guard checkpoint.origin == configuration.audit.origin else {
                return [
                    .fail(
                        "audit",
                        "the log's origin is \(checkpoint.origin), configured is \(configuration.audit.origin)",
                        "set audit.origin back; a log keeps its name")
                ]
            }
            guard FileManager.default.fileExists(atPath: configuration.auditKeyPath) else {
                return [
                    .warn("audit", "\(configuration.auditKeyPath) is missing", "the next start writes it from the key")
                ]
            }
            return [.ok("audit", "\(checkpoint.treeSize) entries; `sallyport audit verify` proves them")]
        } catch {
            return [.fail("audit", "\(error)", "`sallyport audit verify` says what is damaged")]
        }
    }

    /// How far each sink is behind the log.
    static func sinks(_ configuration: GatewayConfiguration) -> [Diagnosis] {
        let size = (try? AuditReader(directory: configuration.auditDirectory).checkpoint().treeSize) ?? 0
        return configuration.audit.sinks.map { sink in
            do throws(SinkError) {
                let next = try SinkCursorFile(folder: configuration.sinkDirectory, sink: sink.name).load().next
                guard next <= size else {
                    return .fail(
                        "sinks", "\(sink.name) has \(next) entries, the log \(size): it was set back or replaced",
                        "restore the log; `sallyport audit verify --since` tells when it changed")
                }
                let waiting = size - next
                // A gateway that writes is always a little ahead of where its log goes.
                return waiting < 10_000
                    ? .ok("sinks", "\(sink.name) has \(next) of \(size) entries")
                    : .warn(
                        "sinks", "\(sink.name) is \(waiting) entries behind the log",
                        "look in the gateway's messages for why, and at sallyport_sink_waiting_entries in /metrics")
            } catch {
                return .fail("sinks", "\(sink.name): \(error)", "the sink does not start like this")
            }
        }
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}
