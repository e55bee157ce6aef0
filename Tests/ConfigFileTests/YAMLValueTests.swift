import ConfigFile
import StrictJSON
import Testing

@Suite struct YAMLValueTests {
    @Test(
        "scalars are what YAML 1.2 says",
        arguments: [
            ("5", JSONValue.number("5")), ("-1.5e3", .number("-1.5e3")), ("true", true), ("null", nil), ("~", nil),
            ("yes", "yes"), ("\"5\"", "5"), ("'true'", "true"), ("!!str 5", "5"), ("0x1f", "0x1f"), (".inf", ".inf"),
            ("2026-11-23", "2026-11-23"), ("007", "007"),
        ])
    func scalars(text: String, expected: JSONValue) throws {
        #expect(try ConfigDocument.value(text: "v: \(text)", file: "t.yaml")["v"] == expected)
    }

    @Test("lists and mappings keep their order")
    func containers() throws {
        let value = try ConfigDocument.value(text: "- {b: 1, a: [x, y]}\n- {}", file: "t.yaml")
        #expect(value == [["b": 1, "a": ["x", "y"]], [:]])
    }

    @Test("a key that is no word is refused with its place")
    func keys() {
        #expect(throws: ConfigErrors.self) { try ConfigDocument.value(text: "? [a]\n: b", file: "t.yaml") }
    }
}
