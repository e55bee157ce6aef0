import StrictJSON
import Testing

@testable import AuditExport

@Suite("Which entries leave")
struct EntrySelectionTests {
    private func kinds(_ selection: EntrySelection) -> [String] {
        Entries.resolved(Entries.session + [Entries.unknown]).filter(selection.takes).map(\.kind)
    }

    @Test("criteria reach an outcome by its command, and the end of a session by its caller")
    func criteria() {
        let all = ["session-start", "intent", "outcome", "session-end"]
        #expect(kinds(EntrySelection(caller: "alice")) == all)
        #expect(kinds(EntrySelection(caller: "alice@example.com")) == all)
        #expect(kinds(EntrySelection(caller: "ali")) == [])
        #expect(kinds(EntrySelection(target: "ledger")) == all)
        #expect(kinds(EntrySelection(action: "sql")) == ["intent", "outcome"])
        #expect(kinds(EntrySelection(action: "sql.select")) == ["intent", "outcome"])
        #expect(kinds(EntrySelection(action: "sql.sel")) == [])
        #expect(kinds(EntrySelection(decision: "allow")) == ["intent", "outcome"])
        #expect(kinds(EntrySelection(rule: "payments-may-query")) == ["intent", "outcome"])
        #expect(kinds(EntrySelection(caller: "alice", rule: "another")) == [])
        #expect(kinds(EntrySelection()) == all + ["moon-phase"])
    }

    @Test("one of several policies that decided is enough")
    func severalRules() {
        let entry: JSONValue = ["id": "x", "kind": "refusal", "decision": ["rule": "no-exports, no-dumps"]]
        let exported = ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry)
        #expect(EntrySelection(rule: "no-dumps").takes(exported))
        #expect(!EntrySelection(rule: "no-dump").takes(exported))
    }

    @Test("an entry is of whoever has a part in it: caller, who took a step, and whose ticket it is")
    func people() {
        let step: JSONValue = [
            "actor": ["issuer": "i", "label": "bob@example.com", "subject": "local|bob"], "id": "x",
            "kind": "approval", "requester": ["issuer": "i", "label": "alice@example.com", "subject": "local|alice"],
        ]
        let exported = ExportedEntry(index: 0, bytes: step.canonicalBytes, value: step)
        for name in ["local|bob", "bob@example.com", "local|alice", "alice@example.com"] {
            #expect(EntrySelection(caller: name).takes(exported), "\(name)")
        }
        #expect(!EntrySelection(caller: "carol@example.com").takes(exported))
    }

    @Test("names that only look the same are not the same")
    func exactly() {
        let entry: JSONValue = ["id": "x", "kind": "console", "caller": ["subject": "caf\u{e9}"]]
        let exported = ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry)
        #expect(EntrySelection(caller: "caf\u{e9}").takes(exported))
        #expect(!EntrySelection(caller: "cafe\u{301}").takes(exported))
    }

    @Test("who looked into a session does not become its caller, whether that one is known or not")
    func lookedInto() {
        let opened = """
            {"caller":{"issuer":"https://id.example","subject":"carol"},\
            "command":"01a21650-0d0e-7252-9fcf-e1c25720e7f4","file":"a/b-1.sealed",\
            "id":"01a21650-0d0f-7252-9fcf-e1c25720e7f4","kind":"originals-opened","reason":"case 4711",\
            "session":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","time":"2026-11-26T05:24:34.710Z","v":1}
            """
        let entries = Entries.resolved([
            Entries.sessionStart, Entries.intent, opened, Entries.outcome, Entries.sessionEnd,
        ])
        for entry in entries[3...] {
            #expect(entry.caller?["subject"] == "alice" && entry.client == "192.0.2.7:60554", "\(entry.kind)")
            #expect(EntrySelection(caller: "alice").takes(entry) && !EntrySelection(caller: "carol").takes(entry))
        }
        #expect(entries[3].commandText?.hasPrefix("SELECT") == true)
        #expect(entries[2].caller?["subject"] == "carol" && entries[2].client == nil)
        #expect(EntrySelection(caller: "carol").takes(entries[2]) && !EntrySelection(caller: "alice").takes(entries[2]))
        // From where the log is read on, the session began before.
        let later = Entries.resolved([opened, Entries.outcome, Entries.sessionEnd])
        #expect(later[0].caller?["subject"] == "carol")
        #expect(later[1].caller == nil && later[2].caller == nil)
    }

    @Test("memory of sessions is bounded, and what is forgotten is the oldest")
    func bounded() {
        var context = EntryContext(sessions: 2, commands: 2)
        func start(_ name: String) -> ExportedEntry {
            context.resolve(
                index: 0,
                bytes: Array(
                    "{\"caller\":{\"subject\":\"\(name)\"},\"kind\":\"session-start\",\"session\":\"\(name)\"}".utf8))
        }
        func caller(_ name: String) -> String? {
            context.resolve(index: 0, bytes: Array("{\"kind\":\"outcome\",\"session\":\"\(name)\"}".utf8))
                .caller?["subject"]?.string
        }
        for name in ["a", "b", "c"] { _ = start(name) }
        #expect(caller("a") == nil && caller("b") == "b" && caller("c") == "c")
        _ = context.resolve(index: 0, bytes: Array(#"{"kind":"session-end","session":"b"}"#.utf8))
        _ = start("d")
        #expect(caller("b") == nil && caller("c") == "c" && caller("d") == "d")
        for number in 0..<10_000 { _ = start("\(number)") }
        #expect(caller("9999") == "9999" && caller("9998") == "9998" && caller("9997") == nil)
    }
}
