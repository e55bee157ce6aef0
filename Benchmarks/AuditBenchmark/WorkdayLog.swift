import Identifiers

/// Entries as the people of a company write them: sessions on targets, commands with their outcomes, some refused, and a
/// few events that are rare in millions.
struct WorkdayLog {
    static let people = 500
    static let targets = 40
    /// One in so many commands falls under the rule `break-glass`.
    static let rarity = 1_000_000

    private struct Session {
        let id: UUIDv7
        let person: Int
        let target: Int
        var left: Int
        var open: UUIDv7?
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_f491_4f6c_dd1d
        }
    }

    private static let actions = [
        "sql.select", "sql.select", "sql.select", "sql.insert", "sql.update", "sql.delete", "sql.ddl", "http.read",
        "http.write", "ssh.exec", "ssh.shell", "sql.copy-out",
    ]

    private var numbers = Numbers()
    private var sessions: [Session] = []
    /// Milliseconds: ten million entries take a bit more than a year.
    private(set) var time: UInt64 = 1_760_000_000_000
    private var commands = 0
    private(set) var sessionCount = 0
    /// The session that began last.
    private(set) var newestSession = UUIDv7(milliseconds: 0)

    mutating func next() -> [UInt8] {
        time += UInt64.random(in: 0...6000, using: &numbers)
        guard sessions.count >= 40 else { return start() }
        let place = Int.random(in: 0..<sessions.count, using: &numbers)
        if let command = sessions[place].open { return outcome(place, of: command) }
        guard sessions[place].left > 0 else { return end(place) }
        sessions[place].left -= 1
        return command(place)
    }

    private mutating func id() -> UUIDv7 { UUIDv7(milliseconds: time, using: &numbers) }

    private func rest(_ session: Session) -> String {
        #""session":"\#(session.id)","target":{"kind":"postgres","name":"target-\#(session.target)"},"#
            + #""time":"\#(Timestamp(milliseconds: time))","v":1}"#
    }

    private func caller(_ person: Int) -> String {
        #"{"groups":["payments"],"issuer":"https://idp.example","label":"person-\#(person)@example.com","#
            + #""subject":"01a0-\#(person)"}"#
    }

    private mutating func start() -> [UInt8] {
        // Nobody with an even number works on a target with an odd one, and the other way round.
        let person = Int.random(in: 0..<Self.people, using: &numbers)
        let target = Int.random(in: 0..<Self.targets / 2, using: &numbers) * 2 + person % 2
        let session = Session(
            id: id(), person: person, target: target, left: Int.random(in: 1...60, using: &numbers))
        sessions.append(session)
        sessionCount += 1
        newestSession = session.id
        return Array(
            (#"{"caller":\#(caller(person)),"client":"10.0.0.1:5000","id":"\#(session.id)","kind":"session-start","#
                + rest(session)).utf8)
    }

    private mutating func end(_ place: Int) -> [UInt8] {
        let session = sessions.remove(at: place)
        return Array(
            #"{"commands":1,"id":"\#(id())","kind":"session-end","reason":"closed",\#(rest(session))"#.utf8)
    }

    private mutating func command(_ place: Int) -> [UInt8] {
        let session = sessions[place]
        commands += 1
        let action = Self.actions.randomElement(using: &numbers) ?? ""
        let isRefused = UInt8.random(in: 0..<50, using: &numbers) == 0
        let id = id()
        if !isRefused { sessions[place].open = id }
        let rule =
            commands % Self.rarity == 500_000
            ? "break-glass" : isRefused ? "no-\(action)" : "team-\(session.person % 30)"
        let text = "SELECT name, balance FROM accounts WHERE id = $1 AND branch = $2 -- \(commands)"
        return Array(
            (#"{"caller":\#(caller(session.person)),"command":{"digest":"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd6"#
                + #"2a11ef721d1542d8","effects":[{"action":"\#(action)","resource":"public.accounts","type":"Table"}],"#
                + #""text":"\#(text)"},"decision":{"answer":"\#(isRefused ? "deny" : "allow")","#
                + #""policy":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","rule":"\#(rule)"},"#
                + #""id":"\#(id)","kind":"\#(isRefused ? "refusal" : "intent")","# + rest(session)).utf8)
    }

    private mutating func outcome(_ place: Int, of command: UUIDv7) -> [UInt8] {
        sessions[place].open = nil
        return Array(
            (#"{"command":"\#(command)","id":"\#(id())","kind":"outcome","outcome":{"duration_us":812,"#
                + #""kind":"succeeded","request_bytes":96,"response_bytes":410,"rows":1,"status":"SELECT 1"},"#
                + rest(sessions[place])).utf8)
    }
}
