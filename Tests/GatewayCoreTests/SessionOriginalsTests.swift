import AdapterTestKit
import Audit
import GatewayCore
import Identifiers
import StrictJSON
import Testing

@Suite("Which originals the log knows of")
struct SessionOriginalsTests {
    private static let start = Timestamp(milliseconds: 1_790_000_000_000)

    /// An entry about a session, in the log.
    @discardableResult
    private func append(
        _ kind: String, _ session: UUIDv7, command: UUIDv7? = nil, file: String? = nil, to gateway: KitGateway
    ) throws -> UUIDv7 {
        var members = [JSONMember("session", .string(session.description))]
        if let command { members.append(JSONMember("command", .string(command.description))) }
        if let file { members.append(JSONMember("originals", ["file": .string(file)])) }
        let entry = ControlEntry(kind: kind, at: Self.start, members)
        try gateway.log.append(entry.bytes)
        return entry.id
    }

    @Test("they are of commands of the session, in the files that outcomes and entries before them name")
    func known() throws {
        let gateway = try Wanted.gateway()
        let (session, other) = (UUIDv7(milliseconds: 1), UUIDv7(milliseconds: 2))
        let masked = try append("intent", session, to: gateway)
        let plain = try append("intent", session, to: gateway)
        let long = try append("intent", session, to: gateway)
        let foreign = try append("intent", other, to: gateway)
        try append("outcome", session, command: masked, file: "day/a-1.sealed", to: gateway)
        try append("outcome", session, command: plain, to: gateway)
        try append("originals", session, command: long, file: "day/a-2.sealed", to: gateway)
        try append("outcome", other, command: foreign, file: "day/b-1.sealed", to: gateway)
        try gateway.log.integrateNow()
        // It is still running.
        let open = try append("intent", session, to: gateway)

        let reader = AuditReader(directory: "\(gateway.folder)/audit")
        let index = try AuditIndex.kept(at: "\(gateway.folder)/index.sqlite")
        try index.follow(reader, atMost: .max)
        func has(_ command: UUIDv7, _ file: String) throws -> Bool? {
            try SessionHistory(of: session, log: reader, index: index).hasOriginals(of: command, in: file)
        }
        #expect(try has(masked, "day/a-1.sealed") == true && has(long, "day/a-2.sealed") == true)
        #expect(try has(masked, "day/a-2.sealed") == false && has(long, "day/a-1.sealed") == false)
        #expect(try has(plain, "day/a-1.sealed") == false && has(open, "day/a-1.sealed") == false)
        #expect(try has(foreign, "day/b-1.sealed") == nil && has(UUIDv7(milliseconds: 3), "day/a-1.sealed") == nil)
    }
}
