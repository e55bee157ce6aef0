import Testing

@testable import HTTPFunctions

@Suite("Names in certificates")
struct CertificateNameTests {
    @Test(
        "a certificate is for a name that it spells out, or with a wildcard for the whole left-most label",
        arguments: [
            (["a.example"], "a.example", true), (["A.Example"], "a.eXAMPLE", true), (["a.example."], "a.example", true),
            (["a.example"], "a.example.", true), (["b.example", "a.example"], "a.example", true),
            (["localhost"], "localhost", true), ([], "a.example", false), (["a.example"], "b.example", false),
            (["a.example"], "x.a.example", false), (["x.a.example"], "a.example", false), ([""], "", false),
            (["."], ".", false), (["a..example"], "a..example", false),
            (["*.a.example"], "x.a.example", true), (["*.A.example"], "X.a.example", true),
            (["*.a.example"], "xn--x.a.example", true), (["*.a.example"], "x.y.a.example", false),
            (["*.a.example"], "a.example", false), (["*.a.example"], ".a.example", false),
            (["x*.a.example"], "xy.a.example", false), (["*x.a.example"], "yx.a.example", false),
            (["x.*.example"], "x.a.example", false), (["*.*.example"], "x.a.example", false),
            (["*"], "localhost", false), (["*.example"], "a.example", false), (["*.a.example"], "*.b.example", false),
            (["a.example\u{0}.evil"], "a.example", false), (["127.0.0.1"], "a.example", false),
        ] as [([String], String, Bool)])
    func match(presented: [String], name: String, isMatch: Bool) {
        #expect(CertificateName.matches(presented.map { Array($0.utf8) }, name) == isMatch)
    }
}
