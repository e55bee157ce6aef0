import Crypto
import Testing

@testable import Masking

@Suite("Masking catalog")
struct MaskingCatalogTests {
    private static let pan = MaskingRule(name: "cards", selector: .detector(.pan), transform: .keepLast(4))
    private static let ssn = MaskingRule(selector: .field("ssn"), transform: .redact)

    private static func catalog() throws -> MaskingCatalog {
        try MaskingCatalog(
            ruleSets: [
                MaskingRuleSet(name: "a", rules: [pan]), MaskingRuleSet(name: "b", rules: [ssn]),
                MaskingRuleSet(name: "none", rules: []),
            ],
            pseudonymKey: testKey)
    }

    @Test("a plan tells what its rules can be applied to")
    func selections() throws {
        let plans = try [["field ssn: redact"], ["$.a: redact"], ["column a.b: redact"], ["PAN: redact"]].map(makePlan)
        #expect(plans.map(\.selectsInJSON) == [true, true, false, false])
        #expect(plans.map(\.selectsInText) == [false, false, false, true])
        #expect(!MaskingPlan.none.selectsInJSON && !MaskingPlan.none.selectsInText)
    }

    @Test("plans add their rule sets up, in any order")
    func plans() throws {
        let catalog = try Self.catalog()
        #expect(try Set(catalog.plan(["a", "b"]).ruleNames) == ["a/cards", "b/field ssn"])
        #expect(try catalog.plan(["a", "b"]).digest == catalog.plan(["b", "a", "b"]).digest)
        #expect(try catalog.plan(["a"]).digest != catalog.plan(["b"]).digest)
        #expect(try catalog.plan(["a"]).digest.count == 64)
        #expect(try catalog.plan([]).isEmpty)
        #expect(try catalog.plan(["none"]).isEmpty)
        #expect(MaskingPlan.none.digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(catalog.ruleSetNames == ["a", "b", "none"])
    }

    @Test("unknown rule sets are refused with the names that exist")
    func unknown() throws {
        let catalog = try Self.catalog()
        let expected = MaskingError.unknownRuleSet("c", known: ["a", "b", "none"])
        #expect(throws: expected) { try catalog.plan(["a", "c"]) }
        #expect("\(expected)" == "no masking rule set \"c\"; there are a, b, none")
    }

    @Test("catalogs that cannot work are refused")
    func refusals() {
        #expect(throws: MaskingError.duplicateRuleSet("a")) {
            try MaskingCatalog(
                ruleSets: [MaskingRuleSet(name: "a", rules: []), MaskingRuleSet(name: "a", rules: [])],
                pseudonymKey: testKey)
        }
        #expect(throws: MaskingError.weakPseudonymKey(bits: 64)) {
            try MaskingCatalog(ruleSets: [], pseudonymKey: SymmetricKey(data: [1, 2, 3, 4, 5, 6, 7, 8]))
        }
        #expect(throws: MaskingError.self) {
            try MaskingCatalog(
                ruleSets: [MaskingRuleSet(name: "a", rules: [MaskingRule(selector: .field(""), transform: .redact)])],
                pseudonymKey: testKey)
        }
    }
}
