import Testing

@testable import Policy

@Suite("Policy replay")
struct PolicyReplayTests {
    @Test("changed decisions are shown as a diff, the same ones counted")
    func diff() throws {
        let old = try Fixture.set(
            """
            @id("get") permit(principal, action == Action::"get", resource);
            @id("put") permit(principal, action == Action::"put", resource);
            @id("list") permit(principal, action == Action::"list", resource);
            """)
        let new = try Fixture.set(
            """
            @id("get") @mask("pii") @approve("sre") @maxrows("5") @record("full") permit(principal, action == Action::"get", resource);
            @id("drop") permit(principal, action == Action::"drop", resource);
            @id("listing") permit(principal, action == Action::"list", resource);
            """)
        var replay = PolicyReplay(from: old, to: new)
        for action in ["get", "put", "drop", "list", "other"] {
            replay.replay(
                RecordedCommand(
                    id: "c-\(action)", requests: [Fixture.request("User::\"a\"", "Action::\"\(action)\"", "R::\"r\"")]))
        }
        #expect(
            "\(replay)" == """
                @@ c-get other obligations: User::"a" Action::"get" R::"r"
                - allow by get
                + allow by get; mask pii; approve 1 of sre within 15m; record full; at most 5 rows
                @@ c-put now denied: User::"a" Action::"put" R::"r"
                - allow by put
                + deny by default-deny
                @@ c-drop now allowed: User::"a" Action::"drop" R::"r"
                - deny by default-deny
                + allow by drop
                @@ c-list other rule: User::"a" Action::"list" R::"r"
                - allow by list
                + allow by listing
                5 commands replayed: 1 unchanged, 1 now denied, 1 now allowed, 1 other obligations, 1 other rule
                """)
    }

    @Test("a command is replayed with all of its effects")
    func severalEffects() throws {
        let old = try Fixture.set("permit(principal, action, resource);")
        let new = try Fixture.set("@id(\"get\") permit(principal, action == Action::\"get\", resource);")
        var replay = PolicyReplay(from: old, to: new)
        let requests = ["get", "put"].map { Fixture.request("User::\"a\"", "Action::\"\($0)\"") }
        replay.replay(RecordedCommand(id: "c", requests: requests))
        #expect(replay.changes.map(\.kind) == [.nowDenied])
    }
}
