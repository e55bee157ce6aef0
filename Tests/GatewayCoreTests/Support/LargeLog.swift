import Audit
import Foundation
import Identifiers
import Logging

/// A log as many people at work write it, and what was put into each of its entries.
final class LargeLog: Sendable {
    /// An entry as the generator meant it: what a search is held against, without reading the entry.
    struct Fact: Sendable {
        var kind: String
        var caller: (subject: String, label: String?)?
        /// Whose ticket it is, where the entry says besides who took the step.
        var requester: (subject: String, label: String?)?
        var target: String?
        var actions: [String] = []
        var rules: [String] = []
        var decision: String?
        var session: UUIDv7?
        var time: Timestamp
        var text = ""
    }

    let folder: String
    let facts: [Fact]
    var reader: AuditReader { AuditReader(directory: "\(folder)/audit") }

    init(entries: Int, seed: UInt64) throws {
        folder = NSTemporaryDirectory() + "large-log-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = try AuditLog(
            AuditOptions(
                directory: "\(folder)/audit", origin: "test.example/log", keyPath: "\(folder)/key",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        var generator = Generator(seed: seed)
        for _ in 0..<entries {
            let bytes = generator.next()
            try log.append(bytes)
        }
        try log.integrateNow()
        facts = generator.facts
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The same numbers for the same seed (xorshift64*).
    struct Numbers: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_f491_4f6c_dd1d
        }
    }

    static let targets = ["ledger", "payments", "bastion", "reports \"old\""]
    static let actions = ["sql.read", "sql.delete", "http.post", "ssh.exec", "sql.read-more"]
    static let rules = ["analysts", "dba", "analysts-2", "no-ddl", "on call"]

    private struct Generator {
        struct Open {
            let id: UUIDv7
            let person: Int
            let target: String
            var left: Int
            var commands: [UUIDv7] = []
        }

        var facts: [Fact] = []
        var numbers: Numbers
        var open: [Open] = []
        var time: UInt64 = 1_790_000_000_000

        init(seed: UInt64) { numbers = Numbers(seed: seed) }

        mutating func next() -> [UInt8] {
            // Now and then the clock goes back.
            time += UInt64.random(in: 0...40, using: &numbers)
            if facts.count % 20_011 == 20_010 { time -= 60_000 }
            switch UInt8.random(in: 0..<100, using: &numbers) {
            case 0: return console()
            case 1: return failure()
            case 2: return approval()
            default: break
            }
            if open.count < 12 { return start() }
            let place = Int.random(in: 0..<open.count, using: &numbers)
            if open[place].left == 0 { return end(place) }
            open[place].left -= 1
            if let command = open[place].commands.popLast() { return outcome(place, of: command) }
            return command(place)
        }

        private func caller(_ person: Int) -> (json: String, subject: String, label: String?) {
            let subject = "user-\(person)"
            let label = person % 3 == 0 ? nil : "p\(person % 40)@example.com"
            let json =
                #"{"groups":["a"],"issuer":"https://issuer.example""#
                + (label.map { #","label":"\#($0)""# } ?? "") + #","subject":"\#(subject)"}"#
            return (json, subject, label)
        }

        private func escaped(_ text: String) -> String {
            text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        }

        private func rest(_ session: Open) -> String {
            #""session":"\#(session.id)","target":{"kind":"postgres","name":"\#(escaped(session.target))"},"#
                + #""time":"\#(Timestamp(milliseconds: time))","v":1}"#
        }

        private mutating func id() -> UUIDv7 { UUIDv7(milliseconds: time, using: &numbers) }

        private mutating func note(
            _ kind: String, _ session: Open? = nil, _ change: (inout Fact) -> Void = { _ in }
        ) {
            var fact = Fact(kind: kind, time: Timestamp(milliseconds: time))
            if let session {
                let caller = caller(session.person)
                fact.caller = (caller.subject, caller.label)
                fact.session = session.id
                fact.target = session.target
            }
            change(&fact)
            facts.append(fact)
        }

        private mutating func start() -> [UInt8] {
            let session = Open(
                id: id(), person: Int.random(in: 0..<90, using: &numbers),
                target: LargeLog.targets.randomElement(using: &numbers)!,
                left: Int.random(in: 0..<80, using: &numbers))
            open.append(session)
            note("session-start", session)
            let caller = caller(session.person).json
            return Array(
                #"{"caller":\#(caller),"client":"10.0.0.1:1","id":"\#(session.id)","kind":"session-start",\#(rest(session))"#
                    .utf8)
        }

        private mutating func end(_ place: Int) -> [UInt8] {
            let session = open.remove(at: place)
            note("session-end", session)
            return Array(
                #"{"commands":1,"id":"\#(id())","kind":"session-end","reason":"closed",\#(rest(session))"#.utf8)
        }

        private mutating func command(_ place: Int) -> [UInt8] {
            let session = open[place]
            var actions = [LargeLog.actions.randomElement(using: &numbers)!]
            if Bool.random(using: &numbers) { actions.append(LargeLog.actions.randomElement(using: &numbers)!) }
            var rules = [LargeLog.rules.randomElement(using: &numbers)!]
            if UInt8.random(in: 0..<8, using: &numbers) == 0 { rules.append("extra") }
            let isRefused = UInt8.random(in: 0..<10, using: &numbers) == 0
            let text = "SELECT \"x\"\nFROM t\(UInt16.random(in: 0..<3000, using: &numbers)) -- \\d"
            let id = id()
            let kind = isRefused ? "refusal" : "intent"
            if !isRefused { open[place].commands.append(id) }
            note(kind, session) { fact in
                fact.actions = actions
                fact.rules = rules
                fact.decision = isRefused ? "deny" : "allow"
                fact.text = text
            }
            let effects = actions.enumerated().map {
                #"{"action":"\#($0.element)","resource":"r\#($0.offset)","type":"Table"}"#
            }
            let caller = caller(session.person).json
            return Array(
                (#"{"caller":\#(caller),"command":{"digest":"d","effects":[\#(effects.joined(separator: ","))],"#
                    + #""text":"\#(escaped(text))"},"decision":{"answer":"\#(isRefused ? "deny" : "allow")","#
                    + #""policy":"p","rule":"\#(rules.joined(separator: ", "))"},"id":"\#(id)","kind":"\#(kind)","#
                    + rest(session)).utf8)
        }

        private mutating func outcome(_ place: Int, of command: UUIDv7) -> [UInt8] {
            note("outcome", open[place])
            return Array(
                (#"{"command":"\#(command)","id":"\#(id())","kind":"outcome","outcome":{"duration_us":5,"#
                    + #""kind":"succeeded","request_bytes":1,"response_bytes":2,"status":"SELECT 1"},"#
                    + rest(open[place])).utf8)
        }

        private mutating func console() -> [UInt8] {
            let person = Int.random(in: 0..<90, using: &numbers)
            let isAllowed = Bool.random(using: &numbers)
            let caller = caller(person)
            note("console") { fact in
                fact.caller = (caller.subject, nil)
                fact.actions = ["console.audit.read"]
                fact.rules = ["auditors"]
                fact.decision = isAllowed ? "allow" : "deny"
            }
            return Array(
                (#"{"action":"console.audit.read","allowed":\#(isAllowed),"caller":{"issuer":"https://issuer.example","#
                    + #""subject":"\#(caller.subject)"},"id":"\#(id())","kind":"console","resource":"AuditLog","#
                    + #""rule":"auditors","time":"\#(Timestamp(milliseconds: time))","v":1}"#).utf8)
        }

        private mutating func failure() -> [UInt8] {
            note("sign-in-failure")
            return Array(
                (#"{"client":"console","code":"expired","id":"\#(id())","kind":"sign-in-failure","#
                    + #""reason":"The token has expired.","time":"\#(Timestamp(milliseconds: time))","v":1}"#).utf8)
        }

        private mutating func approval() -> [UInt8] {
            let (actor, requester) = (caller(Int.random(in: 0..<90, using: &numbers)), caller(1))
            let isDecided = Bool.random(using: &numbers)
            note("approval") { fact in
                fact.caller = isDecided ? (actor.subject, actor.label) : (requester.subject, requester.label)
                if isDecided { fact.requester = (requester.subject, requester.label) }
                fact.target = "ledger"
            }
            func party(_ subject: String, _ label: String?) -> String {
                #"{"issuer":"https://issuer.example","#
                    + (label.map { #""label":"\#($0)","# } ?? "") + #""subject":"\#(subject)"}"#
            }
            return Array(
                ("{" + (isDecided ? #""actor":\#(party(actor.subject, actor.label)),"# : "")
                    + #""id":"\#(id())","kind":"approval","#
                    + #""requester":\#(party(requester.subject, requester.label)),"state":"pending","step":"opened","#
                    + #""target":{"name":"ledger"},"ticket":"t","time":"\#(Timestamp(milliseconds: time))","v":1}"#)
                    .utf8)
        }
    }
}
