import Crypto
import Masking
import Testing

@Suite("Rules followed through values in memory")
struct FieldCursorTests {
    private func cursor(_ selectors: MaskingRule.Selector...) throws -> FieldCursor {
        let rules = selectors.map { MaskingRule(selector: $0, transform: .redact) }
        return try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "r", rules: rules)], pseudonymKey: SymmetricKey(size: .bits256)
        ).plan(["r"]).fields
    }

    @Test("a name is selected at any depth, in any case of ASCII, and all below it")
    func names() throws {
        let root = try cursor(.field("ssn"))
        #expect(root.member("SSN").isSelected && root.member("a").element(3).member("ssn").isSelected)
        #expect(root.member("ssn").member("x").element(0).isSelected)
        #expect(!root.isSelected && !root.member("ssn2").isSelected && !root.element(0).isSelected)
    }

    @Test("a path is selected at its place alone")
    func paths() throws {
        let root = try cursor(.path(try JSONPath(parsing: "$.a[*].b")), .path(try JSONPath(parsing: "$.c[1]")))
        #expect(root.member("a").element(7).member("b").isSelected)
        #expect(root.member("c").element(1).member("deep").isSelected)
        #expect(!root.member("a").member("b").isSelected && !root.member("c").element(0).isSelected)
        #expect(!root.member("x").member("a").element(0).member("b").isSelected)
    }

    @Test("a descendant path reaches into documents inside strings, other paths do not")
    func nested() throws {
        let root = try cursor(.path(try JSONPath(parsing: "$..id")), .path(try JSONPath(parsing: "$.key")))
        #expect(root.member("x").member("id").isSelected && root.member("key").isSelected)
        let inner = root.member("text").nestedDocument
        #expect(inner.member("a").member("id").isSelected && !inner.member("key").isSelected)
    }

    @Test("the whole document can be selected")
    func whole() throws {
        #expect(try cursor(.path(try JSONPath(parsing: "$"))).member("x").isSelected)
    }

    @Test("detectors alone select nothing by name, nor does a plan without rules")
    func nothing() throws {
        #expect(try cursor(.detector(.pan)).selectsNothing && MaskingPlan.none.fields.selectsNothing)
        #expect(!MaskingPlan.none.fields.member("a").element(1).isSelected)
    }
}
