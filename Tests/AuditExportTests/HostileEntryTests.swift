import StrictJSON
import Testing

@testable import AuditExport

@Suite("Entries that callers, or nobody's gateway, had a say in")
struct HostileEntryTests {
    private static let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)

    @Test("one with NUL characters or a deep body keeps its caller, in every format")
    func ownRecord() {
        let intent = Entries.intent.replacing(#"SELECT \"name\""#, with: #"id\u0000"#)
            .replacing(#""sql.database":"ledger""#, with: #""sql.database":"ledger","x":\#(Self.deep)"#)
        let entries = Entries.resolved([Entries.sessionStart, intent, Entries.outcome])
        #expect(entries[1].kind == "intent" && entries[2].commandText?.hasPrefix("id\0") == true)
        #expect(entries.allSatisfy { EntrySelection(caller: "alice").takes($0) })
        for format in ExportFormat.allCases {
            let lines = format.encoder(version: "1").lines(of: entries[1])
            let text = lines.map { String(decoding: $0, as: UTF8.self) }.joined()
            #expect(text.contains("intent") && !text.utf8.contains(0), "\(format)")
            #expect(text.contains("id\u{2400}") || text.contains(#"id\u0000"#), "\(format)")
        }
        #expect(OCSFFormat(version: "1").events(of: entries[1])[0]["class_uid"] == 6005)
    }

    @Test("numbers that no gateway writes end no export")
    func numbers() throws {
        let most = "9223372036854775807"
        let failure = #"{"client":"10.0.0.1:1","code":"c","id":"f","kind":"sign-in-failure","suppressed":\#(most)}"#
        let outcome = Entries.outcome
            .replacing("15116", with: "-9223372036854775808")
            .replacing(
                #"{"count":3,"#, with: #"{"count":\#(most),"rule":"other","selector":"s"},{"count":\#(most),"#)
        let entries = Entries.resolved([failure, Entries.sessionStart, Entries.intent, outcome])
        for format in ExportFormat.allCases {
            let encoder = format.encoder(version: "1")
            for entry in entries { #expect(!encoder.lines(of: entry).isEmpty) }
        }
        let ocsf = OCSFFormat(version: "1")
        #expect(ocsf.events(of: entries[0])[0]["count"]?.integer == Int64.max)
        let finding = try #require(ocsf.events(of: entries[3]).last)
        #expect(finding["data_security"]?["total"]?.integer == Int64.max)
    }
}
