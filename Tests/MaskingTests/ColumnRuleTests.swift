import Testing

@testable import Masking

@Suite("Rules for columns")
struct ColumnRuleTests {
    @Test(
        "a pattern's parts match from the right, as globs, in any case",
        arguments: [
            ("ssn", "public", "customers", "SSN", true), ("ssn", "public", "customers", "ssn2", false),
            ("customers.ssn", "public", "customers", "ssn", true), ("customers.ssn", "public", "orders", "ssn", false),
            ("public.customers.ssn", "public", "Customers", "ssn", true),
            ("public.customers.ssn", "hr", "customers", "ssn", false), ("*.cust*.?sn", "hr", "customers", "ssn", true),
            ("customers.*", "public", "customers", "anything", true), ("*", "a", "b", "c", true),
            ("\"odd.table\".ssn", "public", "odd.table", "ssn", true),
            ("\"odd.table\".ssn", "odd", "table", "ssn", false),
        ])
    func patterns(pattern: String, schema: String, table: String, column: String, expected: Bool) throws {
        let compiled = try ColumnPattern(parsing: pattern).compiled
        #expect(compiled.matches(ColumnOrigin(schema: schema, table: table, column: column)) == expected)
    }

    @Test("a part that is not known matches whatever the rule asks for")
    func unknownParts() throws {
        let compiled = try ColumnPattern(parsing: "public.customers.ssn").compiled
        #expect(compiled.matches(ColumnOrigin(schema: nil, table: nil, column: "ssn")))
        #expect(compiled.matches(ColumnOrigin(schema: nil, table: "customers", column: nil)))
        #expect(compiled.matches(ColumnOrigin(schema: nil, table: nil, column: nil)))
        #expect(!compiled.matches(ColumnOrigin(schema: nil, table: "orders", column: nil)))
    }

    @Test(
        "patterns that can match nothing are refused",
        arguments: [
            ("", "a part is empty; a column is written schema.table.column, table.column or column"),
            ("a..b", "a part is empty; a column is written schema.table.column, table.column or column"),
            ("a.b.c.d", "a column is written schema.table.column, with at most three parts"),
            ("\"a.b", "a quote is not closed"),
        ])
    func refusals(text: String, message: String) {
        #expect(throws: MaskingSyntaxError(text: text, message: message)) { try ColumnPattern(parsing: text) }
    }

    @Test("they select nothing in documents, of whatever format")
    func documents() throws {
        let plan = try makePlan(["column *: redact"])
        #expect(!plan.isEmpty)
        #expect(plan.fields.selectsNothing)
        for format in MaskedFormat.allCases {
            // Not even JSON in form: nothing has to be read.
            let text = "{\"ssn\": 123-45-6789"
            #expect(try mask(Array(text.utf8), plan, format).text == text)
        }
        #expect(
            try mask(#"{"a":1,"b":2}"#, ["column a: redact", "field b: redact"]) == #"{"a":1,"b":"[REDACTED]"}"#)
    }

    @Test("the plan's digest tells column rules from others")
    func digest() throws {
        #expect(try makePlan(["column a: redact"]).digest != makePlan(["field a: redact"]).digest)
        #expect(try makePlan(["column a: redact"]).ruleNames == ["set/column a"])
    }
}
