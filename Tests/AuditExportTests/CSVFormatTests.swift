import StrictJSON
import Testing

@testable import AuditExport

@Suite("Comma-separated values")
struct CSVFormatTests {
    /// RFC 4180 section 2, strictly.
    private static func parse(_ text: String) -> [[String]]? {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            if scalar == "\"" {
                guard field.isEmpty else { return nil }
                while true {
                    guard let inner = scalars.next() else { return nil }
                    if inner != "\"" {
                        field.unicodeScalars.append(inner)
                        continue
                    }
                    next = scalars.next()
                    guard next == "\"" else { break }
                    field.unicodeScalars.append("\"")
                }
                guard next == "," || next == "\r" || next == nil else { return nil }
                if next == nil { break }
                continue
            }
            switch scalar {
            case ",":
                row.append(field)
                field = ""
            case "\r":
                guard scalars.next() == "\n" else { return nil }
                rows.append(row + [field])
                row = []
                field = ""
            case "\n": return nil
            default: field.unicodeScalars.append(scalar)
            }
            next = scalars.next()
        }
        return row.isEmpty && field.isEmpty ? rows : nil
    }

    private static func table(_ entries: [ExportedEntry]) throws -> [[String: String]] {
        let format = CSVFormat()
        let lines = [try #require(format.header)] + entries.flatMap { format.lines(of: $0) }
        let text = lines.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
        let rows = try #require(parse(text))
        #expect(rows.allSatisfy { $0.count == CSVFormat.columns.count })
        #expect(rows.first == CSVFormat.columns)
        return rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(CSVFormat.columns, $0)) }
    }

    @Test("a session's rows name its caller, and an outcome's its command")
    func rows() throws {
        let rows = try Self.table(Entries.resolved())
        #expect(rows.map { $0["caller_subject"] } == ["alice", "alice", "alice", "alice"])
        #expect(rows.map { $0["client"] } == Array(repeating: "192.0.2.7:60554", count: 4))
        #expect(rows[2]["command_text"] == "SELECT \"name\",\n ssn FROM customers WHERE id = 7")
        #expect(rows[2]["rule"] == "payments-may-query")
        #expect(rows[2]["masked"] == "customer-pii/field ssn=3" && rows[2]["rows"] == "3")
        #expect(rows[3]["more"] == #"{"commands":1}"#)
        #expect(rows[1]["more"]?.contains("sql.database") == true)
    }

    @Test("why the groups of a caller are not known is not lost")
    func unknownGroups() throws {
        let entry: JSONValue = [
            "caller": ["groups": ["unknown": "the issuer names none"], "subject": "alice"], "id": "x",
            "kind": "session-start",
        ]
        let exported = ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry)
        let row = try Self.table([exported])[0]
        #expect(row["caller_groups"] == "unknown")
        #expect(row["more"] == #"{"caller":{"groups":{"unknown":"the issuer names none"}}}"#)
    }

    private static func row(_ text: String) throws -> (cells: [String: String], line: String) {
        let entry = JSONValue.object([
            JSONMember("id", "x"), JSONMember("kind", "intent"),
            JSONMember("command", ["text": .string(text)]),
        ])
        let exported = ExportedEntry(index: 0, bytes: entry.canonicalBytes, value: entry)
        return (try table([exported])[0], CSVFormat().text(of: exported).joined())
    }

    @Test(
        "a text that a spreadsheet would run is one that it shows",
        arguments: [
            "=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\u{ff1d}1", "=1\u{301}\"\u{301},", "|x",
        ])
    func formulas(text: String) throws {
        #expect(try Self.row(text).cells["command_text"].map { Array($0.utf8) } == Array("'\(text)".utf8))
    }

    @Test(
        "nor is what only another locale takes for the beginning of a cell",
        arguments: [
            ("x;=HYPERLINK(\"x\")", "x;'=HYPERLINK(\"x\")"), ("x\t=1", "x\t'=1"), ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"), ("\n=1", "'\n'=1"), ("a\n-1", "a\n'-1"), ("a; +1", "a; '+1"),
            ("a;\"=1", "a;\"'=1"), (";;@x", ";;'@x"), (" =1", " '=1"), ("a;b=1", "a;b=1"), ("1-1; x", "1-1; x"),
        ])
    func otherLocales(text: String, shown: String) throws {
        let row = try Self.row(text)
        #expect(row.cells["command_text"].map { Array($0.utf8) } == Array(shown.utf8))
        // A reader that splits at these, and to which a quote within a row is none.
        let ends: Set<Character> = [";", "\t", "\r", "\n", "\r\n"]
        for cell in row.line.split(whereSeparator: ends.contains) {
            let first = cell.first { $0 != " " && $0 != "\"" }
            #expect(first.map { !"=+-@".contains($0) } ?? true, "\(cell)")
        }
    }

    @Test("only what has no meaning to any reader stands without quotes")
    func quotes() throws {
        for text in ["a;b", "a\tb", "a b", "a|b", "caf\u{e9}", "a'b", "a,b"] {
            #expect(try Self.row(text).line.contains("\"\(text)\""), "\(text)")
        }
        #expect(try Self.row("https://a.example:1/b_c-d@e").line.contains(",https://a.example:1/b_c-d@e,"))
    }

    @Test("what is no entry at all is exported as it stands")
    func damaged() throws {
        let rows = try Self.table(Entries.resolved(["no JSON, \"at all\""]))
        #expect(rows[0]["more"]?.contains("no JSON") == true)
    }

    @Test("members that nobody knows are in the last column")
    func unknown() throws {
        let rows = try Self.table(Entries.resolved([Entries.unknown]))
        #expect(rows[0]["more"] == #"{"phase":{"name":"full","of":["moon",1]}}"#)
    }
}
