import Testing

@testable import Masking

@Suite("Pseudonyms")
struct PseudonymTests {
    // Computed with Python: base64.b32encode(hmac.new(key, type + b"\0" + value, sha256).digest()[:16])
    @Test(
        "a value has the pseudonym of its normalized form, wherever it stands",
        arguments: [
            (["PAN: pseudonym"], #"["4111-1111-1111-1111"]"#, "PAN:OR5JEBVFFKW2TLHUKF543LWGCQ"),
            (["PAN: pseudonym"], "[4111111111111111]", "PAN:OR5JEBVFFKW2TLHUKF543LWGCQ"),
            (["$[0]: pseudonym"], #"["4111 1111 1111 1111"]"#, "PAN:OR5JEBVFFKW2TLHUKF543LWGCQ"),
            (["$[0]: pseudonym"], "[4111111111111111]", "PAN:OR5JEBVFFKW2TLHUKF543LWGCQ"),
            (["EMAIL: pseudonym"], #"["John@Example.com"]"#, "EMAIL_ADDRESS:A6EXYVESMSSRD6UGA3ATSS6SEI"),
            (["PHONE: pseudonym"], #"["(555) 234-5678"]"#, "PHONE_NUMBER:XT2LQVQGDMFZ24U436VALQAP4U"),
            (["PHONE: pseudonym"], #"["+1 555 234 5678"]"#, "PHONE_NUMBER:XT2LQVQGDMFZ24U436VALQAP4U"),
            (["IBAN: pseudonym"], #"["de89 3704 0044 0532 0130 00"]"#, "IBAN:CIUP5MCDVZQ5EN3RNRILVGEXPU"),
            (["US_SSN: pseudonym"], #"["123-45-6789"]"#, "US_SSN:E5BONVFHALKWGEB2ELJ2775U74"),
            (["$[0]: pseudonym"], #"["J\u00f6rg"]"#, "VALUE:5FAHYJ3UQCMYFZJ2T25XSNHDCM"),
        ])
    func pseudonyms(rules: [String], text: String, expected: String) throws {
        #expect(try mask(text, rules) == "[\"\(expected)\"]")
    }

    @Test("values too long for a pseudonym are redacted")
    func longValues() throws {
        let text = "[\"\(String(repeating: "x", count: 70_000))\"]"
        #expect(try mask(text, ["$[0]: pseudonym"]) == "[\"[REDACTED]\"]")
        #expect(try mask(text, ["$[0]: keep-last 4"], cuts: [10, 65_000, 66_000]) == "[\"[REDACTED]\"]")
    }
}

@Suite("Sensitive text redactor")
struct SensitiveTextRedactorTests {
    private let redactor = SensitiveTextRedactor(key: testKey)

    @Test("values stand as keyed digests that equal their pseudonyms")
    func redacts() {
        #expect(
            redactor.redact("pay 4111 1111 1111 1111 for John@example.com — 123-45-6789")
                == "pay «PAN:OR5JEBVFFKW2TLHUKF543LWGCQ» for «EMAIL_ADDRESS:A6EXYVESMSSRD6UGA3ATSS6SEI» — «US_SSN:E5BONVFHALKWGEB2ELJ2775U74»"
        )
        #expect(redactor.redact("{\"ssn\":\"123456789\"}") == "{\"ssn\":\"«US_SSN:E5BONVFHALKWGEB2ELJ2775U74»\"}")
    }

    @Test(
        "text without such values is not touched",
        arguments: ["", "GET /orders/17?limit=100", "naïve — 2024-01-02", "550e8400-e29b-41d4-a716-446655440000"])
    func untouched(text: String) {
        #expect(redactor.redact(text) == nil)
    }
}
