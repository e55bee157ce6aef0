import Audit
import ConfigFile
import Crypto
import Foundation
import GatewayCore
import Logging
import Masking
import Policy
import StrictJSON
import Synchronization
import Testing

@testable import sallyport

@Suite("What a gateway remembers of what was in force")
struct InForceRecorderTests {
    /// A log whose disk can be made to take nothing more, or to keep no new checkpoint.
    private final class Stage: Sendable {
        let folder: String
        let log: AuditLog
        let isFull: Flag
        let keepsCheckpoints: Flag
        private let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
        private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

        init() throws {
            folder = NSTemporaryDirectory() + "in-force-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let (isFull, keepsCheckpoints) = (Flag(false), Flag(true))
            (self.isFull, self.keepsCheckpoints) = (isFull, keepsCheckpoints)
            var options = AuditOptions(
                directory: "\(folder)/audit", origin: "test.example/log", keyPath: "\(folder)/key", logger: quiet)
            let system = FileOperations.system
            options.fileOperations.mapForWriting = { _, _, _ throws(FileOperations.Failure) in nil }
            options.fileOperations.write = { descriptor, bytes throws(FileOperations.Failure) in
                if isFull.value { throw FileOperations.Failure(operation: "write", path: "", code: 28) }
                return try system.write(descriptor, bytes)
            }
            options.fileOperations.rename = { from, to throws(FileOperations.Failure) in
                if !keepsCheckpoints.value { throw FileOperations.Failure(operation: "rename", path: to, code: 5) }
                try system.rename(from, to)
            }
            log = try AuditLog(options)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func rules(_ text: String) throws -> RuleSnapshot {
            RuleSnapshot(
                policy: try PolicySet.load([PolicySource(name: "p.cedar", text: text)]),
                masking: try MaskingCatalog(ruleSets: [], pseudonymKey: key), recording: .metadata)
        }

        /// As a start does with these policies.
        func recorder(_ policy: String, isNewLog: Bool = false) throws -> InForceRecorder {
            let redactor = SensitiveTextRedactor(key: key)
            let section = try ConfigDocument.load(
                text: "state: here", file: "test.yaml", keys: [ConfigKey("state", .path, summary: "A path.")])
            let recorder = InForceRecorder(
                InForce(
                    rules: try rules(policy),
                    configuration: RecordedConfiguration(section, relativeTo: folder, redactor: redactor, key: key),
                    pseudonymKey: InForce.id(ofPseudonymKey: key)),
                stateDirectory: folder, auditLog: log, redactor: redactor, logger: quiet)
            try recorder.recordStart(
                after: isNewLog ? 0 : log.checkpoint().treeSize,
                key: PseudonymKey(key: key, origin: .file("key"), isNew: isNewLog))
            return recorder
        }

        /// `by: change id, …` of each policy load on record.
        func loads() throws -> [String] {
            try log.integrateNow()
            var cursor = try AuditReader(directory: "\(folder)/audit").entries()
            var loads: [String] = []
            while let entry = try cursor.next() {
                let json = try JSONValue(parsing: entry.bytes)
                guard json["kind"] == "policy-load" else { continue }
                let changes = (json["changes"]?.array ?? []).map {
                    "\($0["change"]?.string ?? "") \($0["id"]?.string ?? "")"
                }
                loads.append("\(json["by"]?.string ?? ""): \(changes.joined(separator: ", "))")
            }
            return loads
        }
    }

    private static let first = "@id(\"a\") permit(principal, action, resource);"
    private static let second = "@id(\"a\") permit(principal, action, resource) when { context.x };"

    @Test("a load that cannot be recorded does not take effect, and the next one is told against what stayed")
    func fullDisk() throws {
        let stage = try Stage()
        let recorder = try stage.recorder(Self.first, isNewLog: true)
        let rules = try stage.rules(Self.second)
        var used = 0
        stage.isFull.value = true
        #expect(throws: (any Error).self) {
            try recorder.reload(by: "olga", load: { () throws(RuleError) in rules }, use: { _ in used += 1 })
        }
        #expect(throws: (any Error).self) { _ = try stage.recorder(Self.second) }
        #expect(used == 0)
        stage.isFull.value = false
        let result = try recorder.reload(by: "olga", load: { () throws(RuleError) in rules }, use: { _ in used += 1 })
        #expect(used == 1 && result.isChanged)
        #expect(try stage.loads() == ["start: added a", "olga: changed a"])
    }

    @Test("what is remembered is never ahead of what the log has on the disk")
    func notAhead() throws {
        let stage = try Stage()
        let recorder = try stage.recorder(Self.first, isNewLog: true)
        let remembered = FileManager.default.contents(atPath: "\(stage.folder)/in-force.json")
        let rules = try stage.rules(Self.second)
        stage.keepsCheckpoints.value = false
        _ = try recorder.reload(by: "olga", load: { () throws(RuleError) in rules }, use: { _ in })
        #expect(FileManager.default.contents(atPath: "\(stage.folder)/in-force.json") == remembered)
        stage.keepsCheckpoints.value = true
        _ = try stage.recorder(Self.second)
        _ = try stage.recorder(Self.second)
        #expect(try stage.loads() == ["start: added a", "olga: changed a", "start: changed a"])
    }

    @Test("a new log says all of it, whatever stands beside it from another")
    func newLog() throws {
        let stage = try Stage()
        _ = try stage.recorder(Self.first, isNewLog: true)
        _ = try stage.recorder(Self.first)
        _ = try stage.recorder(Self.first, isNewLog: true)
        #expect(try stage.loads() == ["start: added a", "start: added a"])
    }

    @Test("loads at the same time are told one after the other, each against what it replaced")
    func oneAtATime() async throws {
        let stage = try Stage()
        let recorder = try stage.recorder("", isNewLog: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                let rules = try stage.rules("@id(\"r\(number)\") permit(principal, action, resource);")
                group.addTask {
                    _ = try recorder.reload(by: "r\(number)", load: { () throws(RuleError) in rules }, use: { _ in })
                }
            }
            try await group.waitForAll()
        }
        let loads = try stage.loads()
        try #require(loads.count == 21)
        var before = ""
        for load in loads.dropFirst() {
            let name = String(load.prefix { $0 != ":" })
            #expect(load == "\(name): added \(name)\(before.isEmpty ? "" : ", removed \(before)")")
            before = name
        }
    }
}

/// A flag that closures share.
private final class Flag: Sendable {
    private let flag: Mutex<Bool>

    init(_ value: Bool) { flag = Mutex(value) }

    var value: Bool {
        get { flag.withLock { $0 } }
        set { flag.withLock { $0 = newValue } }
    }
}
