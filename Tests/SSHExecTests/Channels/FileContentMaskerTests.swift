import Crypto
import Masking
import Testing

@testable import SSHExec

@Suite("A file's content under masking rules")
struct FileContentMaskerTests {
    private static let ssn = MaskingRule(selector: .field("ssn"), transform: .keepLast(4))
    private static let pan = MaskingRule(selector: .detector(.pan), transform: .keepLast(4))
    private static let document = #"{"ssn": "078-05-1120", "card": "4111111111111111"}"#

    private static func plan(_ rules: MaskingRule...) throws -> MaskingPlan {
        try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "set", rules: rules)], pseudonymKey: SymmetricKey(size: .bits256)
        ).plan(["set"])
    }

    /// What the caller gets, or why it gets nothing.
    private static func masked(_ content: String, _ path: String, _ plan: MaskingPlan) -> (text: String, count: Int) {
        var total = 0
        let masker = FileContentMasker(plan, path: path) { total += $0.reduce(0) { $0 + $1.count } }
        do throws(SFTPUnmaskable) {
            return (String(decoding: try masker.masked(Array(content.utf8), path: path), as: UTF8.self), total)
        } catch {
            return (error.reason, total)
        }
    }

    private static let notJSON = "masking rules for fields apply, and it is not JSON"

    @Test(
        "is masked by fields wherever it is JSON, whatever its name",
        arguments: ["/a.json", "/a.JSON", "/a.txt", "/a", "/a.ndjson", "/a.csv"])
    func fields(_ path: String) throws {
        let plan = try Self.plan(Self.ssn, Self.pan)
        for content in [Self.document, Self.document + "\n" + Self.document + "\n"] {
            let masked = Self.masked(content, path, plan)
            #expect(!masked.text.contains("078-05") && !masked.text.contains("41111") && masked.text.contains("1120"))
            #expect(masked.count == 2 * content.split(separator: "\n").count)
        }
    }

    @Test(
        "is refused under rules for fields where it is no JSON, and one more byte makes it none",
        arguments: [
            document + "x", "x" + document, document.replacing("}", with: ""),
            "ssn,card\n078-05-1120,4111111111111111\n",
            "ssn: 078-05-1120", document + "\n" + document + "x",
        ])
    func refused(_ content: String) throws {
        for rules in [[Self.ssn], [Self.ssn, Self.pan]] {
            let plan = try MaskingCatalog(
                ruleSets: [MaskingRuleSet(name: "set", rules: rules)], pseudonymKey: SymmetricKey(size: .bits256)
            ).plan(["set"])
            for path in ["/a.json", "/a.ndjson", "/a.txt"] {
                #expect(Self.masked(content, path, plan).text == Self.notJSON)
            }
        }
        let path = MaskingRule(selector: .path(try JSONPath(parsing: "$.ssn")), transform: .redact)
        #expect(Self.masked(content, "/a.json", try Self.plan(path, Self.pan)).text == Self.notJSON)
    }

    @Test("is masked as text under detectors alone, also where it calls itself JSON and is none")
    func detectors() throws {
        let plan = try Self.plan(Self.pan)
        for path in ["/a.json", "/a.ndjson", "/a.txt"] {
            let masked = Self.masked(Self.document + "x", path, plan)
            #expect(masked.text == Self.document.replacing("411111111111", with: "************") + "x")
            #expect(masked.count == 1)
        }
        #expect(Self.masked("\0", "/a", plan).text == "it is no text")
    }

    @Test("that is empty stays so")
    func empty() throws { #expect(Self.masked("", "/a", try Self.plan(Self.ssn)).text == "") }

    @Test("is refused where all rules are for columns of databases")
    func columns() throws {
        let column = MaskingRule(selector: .column(try ColumnPattern(parsing: "customers.ssn")), transform: .redact)
        let refusal = "the masking rules are for columns of databases, and select nothing in files"
        #expect(Self.masked(Self.document, "/a.json", try Self.plan(column)).text == refusal)
        #expect(Self.masked("4111111111111111", "/a", try Self.plan(column, Self.pan)).text == "************1111")
    }

    @Test("has a name that detectors mask, and that no other rule concerns")
    func names() throws {
        var counts: [MaskCount] = []
        let masker = FileContentMasker(try Self.plan(Self.ssn, Self.pan), path: "/a") { counts += $0 }
        let name = try masker.masked(text: Array("4111111111111111.txt".utf8))
        #expect(String(decoding: name, as: UTF8.self) == "************1111.txt")
        #expect(counts.map(\.count) == [1])
        let fields = FileContentMasker(try Self.plan(Self.ssn), path: "/a") { _ in }
        #expect(try fields.masked(text: Array("078-05-1120".utf8)) == Array("078-05-1120".utf8))
        #expect(throws: SFTPUnmaskable.self) { try masker.masked(text: [0]) }
    }
}
