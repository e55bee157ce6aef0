import NIOCore
import Testing

@testable import Masking

@Suite("Stream masking")
struct StreamMaskerTests {
    @Test("newline-delimited documents are masked one by one")
    func ndjson() throws {
        let text = "{\"a\":1}\n\n[{\"a\":\"4111111111111111\"}]\r\n{\"a\":2}"
        let masked = "{\"a\":\"[REDACTED]\"}\n\n[{\"a\":\"[REDACTED]\"}]\r\n{\"a\":\"[REDACTED]\"}"
        #expect(try mask(text, ["field a: redact"], .ndjson) == masked)
        #expect(try mask("1\n4111111111111111", ["PAN: redact"], .ndjson) == "1\n\"[PAN]\"")
        #expect(differingCuts(text, try makePlan(["field a: redact", "PAN: null"]), .ndjson) == nil)
        #expect(throws: MaskingError.self) { try mask("{} {}", ["field a: redact"], .ndjson) }
    }

    @Test(
        "what is not strict JSON is refused",
        arguments: [
            "", "{", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[1,]", "\"\\u0000\"", "\"\\ud800\"", "1e999",
            "{} x", "nul",
            "<html>", "{\"a\":{\"b\":1},\"c\":[{\"d\":1,\"d\":1}]}",
        ])
    func malformed(text: String) throws {
        let plan = try makePlan(["field x: redact"] + allDetectors)
        #expect(throws: MaskingError.self) { try mask(Array(text.utf8), plan) }
        #expect(differingCuts(text, plan, .json) == nil)
    }

    @Test("refusals say nothing of the answer")
    func refusalText() throws {
        let expected = MaskingError.notInspectable(
            reason: "not strict JSON: a name stands twice in one object at byte 12")
        #expect(throws: expected) { try mask("{\"secret\":1,\"secret\":2}", ["PAN: redact"]) }
        #expect(
            "\(expected)"
                == "cannot be inspected for masking: not strict JSON: a name stands twice in one object at byte 12")
    }

    @Test("after a refusal nothing more leaves")
    func failureStays() throws {
        var masker = try StreamMasker(plan: makePlan(allDetectors), format: .json)
        #expect(throws: MaskingError.self) { try masker.mask(ByteBuffer(string: "[}")) }
        #expect(throws: MaskingError.self) { try masker.mask(ByteBuffer(string: "[1]")) }
        #expect(throws: MaskingError.self) { try masker.finish() }
    }

    @Test("JSON nested 10,000 deep is refused, to a limit it passes")
    func depth() throws {
        let plan = try makePlan(["$..a: redact"] + allDetectors)
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: depth) + Array(repeating: UInt8(ascii: "]"), count: depth)
        }
        #expect(try mask(nested(500), plan).text.utf8.count == 1000)
        #expect(throws: MaskingError.self) { try mask(nested(10_000), plan) }
    }

    @Test("duplicates are found in objects with many names, also across chunks")
    func manyNames() throws {
        let plan = try makePlan(["PAN: redact"])
        let members = (0..<500).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
        #expect(try mask(Array("{\(members)}".utf8), plan).text == "{\(members)}")
        #expect(try mask(Array("[{\(members)},{\(members)}]".utf8), plan, cuts: [100, 5000]).counts.isEmpty)
        #expect(throws: MaskingError.self) { try mask(Array("{\(members),\"name3\":1}".utf8), plan, cuts: [4000]) }
    }

    @Test("under an empty plan everything passes as it is")
    func emptyPlan() throws {
        let buffer = ByteBuffer(bytes: [0, 1, 0xff])
        for format in MaskedFormat.allCases {
            var masker = try StreamMasker(plan: .none, format: format)
            #expect(try masker.mask(buffer).buffer == buffer)
            #expect(try masker.finish().buffer.readableBytes == 0)
        }
        #expect(MaskingPlan.none.passThrough(buffer)?.buffer == buffer)
        #expect(try makePlan(["PAN: redact"]).passThrough(buffer) == nil)
    }

    @Test("counts name the rule, what it selects, and how often")
    func counts() throws {
        let answer = try mask(
            Array(#"{"a":[1,2],"b":"4111111111111111","c":{"d":1}}"#.utf8),
            makePlan(["field a: redact", "PAN: keep-last 4", "$.c: null", "EMAIL: redact"]))
        #expect(
            answer.counts == [
                MaskCount(rule: "set/field a", selector: "field a", count: 2),
                MaskCount(rule: "set/detector PAN", selector: "detector PAN", count: 1),
                MaskCount(rule: "set/path $.c", selector: "path $.c", count: 1),
            ])
    }

    @Test("a chunk in which nothing is masked leaves without a copy")
    func slices() throws {
        var masker = try StreamMasker(plan: makePlan(allDetectors), format: .json)
        let chunk = ByteBuffer(string: #"{"name":"nothing to mask","n":[1,2,3]}"#)
        let output = try masker.mask(chunk).buffer
        #expect(output == chunk)
        let isShared = chunk.withUnsafeReadableBytes { input in
            output.withUnsafeReadableBytes { $0.baseAddress == input.baseAddress }
        }
        #expect(isShared)
    }

    @Test(
        "what is held back stays small, however long the answer",
        arguments: [
            (.json, "[", #"{"id":1234567,"card":"4111111111111111","text":"word word word\u00e9"},"#, "0]"),
            (.json, "\"", "a long string of 4111 1111 1111 1111 and john@example.com in one value ", "\""),
            (.json, "\"", #"\u0061 long \n string of 4111 1111 1111 1111 and john@example.com in one value "#, "\""),
            (.json, "{\"secret\":\"", "a secret that is kept in part and longer than any limit ", "\"}"),
            (.json, "{\"gone\":[", #"{"a":["b",{"c":null}]},"#, "0]}"),
            (.text, "", "a long text of 4111 1111 1111 1111 and john@example.com in lines without end ", ""),
            (.text, "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""), (.text, "", "1111111111111111111111111", ""),
            (.serverSentEvents, "", "event: e\ndata: {\"a\":\"4111111111111111\"}\n\n", ""),
            (.ndjson, "", "{\"a\":\"4111111111111111\"}\n", ""),
        ] as [(MaskedFormat, String, String, String)])
    func boundedMemory(format: MaskedFormat, start: String, unit: String, end: String) throws {
        let plan = try makePlan(allDetectors + ["field secret: keep-last 4", "field gone: null"])
        var masker = try StreamMasker(plan: plan, format: format)
        _ = try masker.mask(ByteBuffer(string: start))
        let chunk = ByteBuffer(string: String(repeating: unit, count: 65536 / unit.utf8.count))
        var passed = 0
        // The unit test build is slow: what grows with the answer has grown after some MiB.
        while passed < 4 << 20 {
            _ = try masker.mask(chunk)
            passed += chunk.readableBytes
            #expect(masker.bufferedBytes < 72 * 1024)
        }
        _ = try masker.mask(ByteBuffer(string: end))
        _ = try masker.finish()
    }

    @Test("an object with names without end stays in bounded memory")
    func manyMembers() throws {
        var masker = try StreamMasker(plan: makePlan(["PAN: redact"]), format: .json)
        _ = try masker.mask(ByteBuffer(string: "{\"x\":0"))
        for part in 0..<200 {
            let members = (0..<1000).map { ",\"\(part * 1000 + $0)\":0" }.joined()
            _ = try masker.mask(ByteBuffer(string: members))
            #expect(masker.bufferedBytes < 4 << 20)
        }
        _ = try masker.mask(ByteBuffer(string: "}"))
        _ = try masker.finish()
    }

    @Test("a member name without end is refused")
    func longName() throws {
        var masker = try StreamMasker(plan: makePlan(["PAN: redact"]), format: .json)
        _ = try masker.mask(ByteBuffer(string: "{\""))
        #expect(throws: MaskingError.notInspectable(reason: "a member name is longer than 65536 bytes")) {
            for _ in 0..<10 { _ = try masker.mask(ByteBuffer(string: String(repeating: "n", count: 10_000))) }
        }
    }
}
