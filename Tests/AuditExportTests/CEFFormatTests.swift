import StrictJSON
import Testing

@testable import AuditExport

@Suite("Common Event Format")
struct CEFFormatTests {
    @Test("an intent is this line")
    func golden() {
        let line = CEFFormat(version: "1.2").text(of: Entries.resolved()[1])
        #expect(
            line == [
                #"CEF:0|Sallyport|Sallyport Gateway|1.2|intent|intent sql.select|2|rt=1795670674702 "#
                    + #"externalId=01a21650-0d0e-7252-9fcf-e1c25720e7f4 suser=alice@example.com suid=alice src=192.0.2.7 "#
                    + #"spt=60554 app=postgres destinationServiceName=ledger act=sql.select outcome=allow "#
                    + #"msg=SELECT "name",\n ssn FROM customers WHERE id \= 7 cn3=1 cn3Label=log index "#
                    + #"cs1=payments-may-query cs1Label=rule cs2=01a21650-0d0d-7ec8-b7df-e5a312f7356f cs2Label=session "#
                    + #"cs3=80 cs3Label=policy digest cs4=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 "#
                    + #"cs4Label=traceparent cs5=Table::public.customers cs5Label=resources "#
                    + #"cs6={"caller":{"groups":["payments"]},"command":{"digest":"4d","facts":{"sql.database":"ledger"}},"#
                    + #""decision":{"masks":["customer-pii"]}} cs6Label=more"#
            ])
    }

    @Test("how an outcome went stands in its line, whether its message is the command or no command is known")
    func outcome() throws {
        let format = CEFFormat(version: "1")
        let masked = #""masked":[{"count":3,"rule":"customer-pii/field ssn","selector":"field ssn"}]"#
        let more = #" cs6={"command":"01a21650-0d0e-7252-9fcf-e1c25720e7f4","outcome":{"#
        let known = try #require(format.text(of: Entries.resolved()[2]).first)
        #expect(known.contains(#" outcome=succeeded msg=SELECT "name",\n ssn FROM customers WHERE id \= 7 in=60 "#))
        #expect(known.hasSuffix(more + masked + #","status":"SELECT 3"}} cs6Label=more"#), "\(known)")
        // Of a command that is not known the message is what the target said, which no other field repeats then.
        let alone = try #require(format.text(of: Entries.resolved([Entries.outcome])[0]).first)
        #expect(alone.contains(" outcome=succeeded msg=SELECT 3 in=60 "))
        #expect(alone.hasSuffix(more + masked + "}} cs6Label=more"), "\(alone)")
    }

    @Test("no text of an entry can end a field, begin another one, or end the line")
    func escaped() throws {
        let evil = "a|b\\c=d\nrt=0\r\nCEF:0"
        let entry: JSONValue = [
            "id": "x", "kind": .string(evil), "command": ["text": .string(evil)],
            "caller": ["subject": .string(evil)],
        ]
        let line = try #require(
            CEFFormat(version: "1").text(of: ExportedEntry(index: nil, bytes: entry.canonicalBytes, value: entry)).first
        )
        #expect(!line.unicodeScalars.contains { $0 == "\n" || $0 == "\r" })
        #expect(line.hasPrefix(#"CEF:0|Sallyport|Sallyport Gateway|1|a\|b\\c=d rt=0  CEF:0|"#))
        #expect(line.contains(#"msg=a|b\\c\=d\nrt\=0\r\nCEF:0"#))
    }

    @Test("refusals and failed sign-ins weigh more than what went well")
    func severities() throws {
        func severity(_ text: String) throws -> Int {
            let line = try #require(CEFFormat(version: "1").text(of: Entries.resolved([text])[0]).first)
            return try #require(Int(line.split(separator: "|")[6]))
        }
        let intent = try severity(Entries.intent)
        let refusal = try severity(#"{"id":"x","kind":"refusal"}"#)
        let failure = try severity(#"{"id":"x","kind":"sign-in-failure"}"#)
        #expect(intent < refusal && refusal < failure)
    }
}
