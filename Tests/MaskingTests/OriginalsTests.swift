import NIOCore
import NIOEmbedded
import Testing

@testable import Masking

/// Takes chunks apart, as who opens them does.
final class CollectingSink: OriginalsSink {
    struct Value: Hashable {
        var name: String
        var rule: String
        var encoding: OriginalsEncoding
        var row: UInt64
        var text: String
    }

    private(set) var chunks = 0
    private(set) var values: [Value] = []
    private(set) var counts: [String: Int] = [:]
    private var parts: [OriginalsField: [UInt8]] = [:]
    /// How many chunks are taken before the disk is full.
    var room = Int.max

    func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure) {
        guard chunks < room else { throw OriginalsFailure(reason: "no space left") }
        chunks += 1
        var index = 0
        while let record = OriginalsRecord(in: chunk.bytes, at: &index) {
            let field = chunk.fields[Int(record.field)].field
            let whole = (parts.removeValue(forKey: field) ?? []) + record.value
            if record.continues {
                parts[field] = whole
            } else {
                values.append(
                    Value(
                        name: field.name, rule: field.rule, encoding: field.encoding, row: record.row,
                        text: String(decoding: whole, as: UTF8.self)))
            }
        }
        guard index == chunk.bytes.count else { throw OriginalsFailure(reason: "no record at \(index)") }
        for entry in chunk.fields { counts[entry.field.rule, default: 0] += entry.values }
    }
}

@Suite("Records of originals")
struct OriginalsRecordTests {
    @Test("a record is read back as it was written", arguments: [0, 1, 63, 64, 127, 128, 8191, 8192, 32 << 10])
    func roundTrip(count: Int) throws {
        for row in [0, 1, 127, 128, 16383, 16384, UInt64(UInt32.max), UInt64.max / 2, UInt64.max] {
            for field in [0, 127, 128, 1023] as [UInt16] {
                let value = [UInt8](repeating: 0xa5, count: count)
                var bytes = [UInt8](repeating: 0, count: OriginalsRecord.longestHead + count)
                let written = bytes.withUnsafeMutableBytes { memory in
                    value.withUnsafeBytes { value in
                        OriginalsRecord.write(
                            value, field: field, row: row, continues: count % 2 == 1, at: memory.baseAddress!)
                            - memory.baseAddress!
                    }
                }
                try #require(written <= bytes.count)
                bytes.prefix(written).withUnsafeBytes { bytes in
                    var index = 0
                    let record = OriginalsRecord(in: bytes, at: &index)
                    #expect(record?.field == UInt64(field) && record?.row == row && index == written)
                    #expect(record?.value.elementsEqual(value) == true && record?.continues == (count % 2 == 1))
                }
                for cut in [1, 2, written / 2, written - 1] where cut < written {
                    bytes.prefix(cut).withUnsafeBytes { bytes in
                        var index = 0
                        #expect(OriginalsRecord(in: bytes, at: &index) == nil, "cut at \(cut) of \(written)")
                    }
                }
            }
        }
    }

    @Test(
        "numbers of more than 64 bits and lengths beyond the bytes are refused",
        arguments: [
            [UInt8](repeating: 0xff, count: 40),
            [0] + [UInt8](repeating: 0xff, count: 9) + [2, 0],
            [0] + [UInt8](repeating: 0x80, count: 10) + [0, 0],
            [0, 1] + [UInt8](repeating: 0xff, count: 9) + [1, 7],
            [0, 1, 4, 7],
        ] as [[UInt8]])
    func refused(bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var index = 0
            #expect(OriginalsRecord(in: bytes, at: &index) == nil)
        }
    }
}

@Suite("Originals of what is masked")
struct OriginalsTests {
    private struct Kept: Equatable {
        var text: String
        var values: [CollectingSink.Value]
        var counts: [String: Int]
        var maskCounts: [String: Int]
    }

    private static func mask(
        _ text: String, _ rules: [String], _ format: MaskedFormat = .json, cuts: [Int] = []
    ) throws -> Kept {
        let sink = CollectingSink()
        let loop = EmbeddedEventLoop()
        let plan = try makePlan(rules).keepingOriginals(in: OriginalsTap(sink: sink), on: loop)
        var masker = try StreamMasker(plan: plan, format: format)
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] {
            output += try masker.mask(ByteBuffer(bytes: bytes[start..<end])).buffer.readableBytesView
            start = end
        }
        output += try masker.finish().buffer.readableBytesView
        try plan.sealOriginals()
        let counts = Dictionary(masker.counts.map { ($0.rule, $0.count) }, uniquingKeysWith: +)
        return Kept(
            text: String(decoding: output, as: UTF8.self), values: sink.values, counts: sink.counts, maskCounts: counts)
    }

    /// `place=value`, in order.
    private static func shown(_ text: String, _ rules: [String], _ format: MaskedFormat = .json) throws -> [String] {
        let kept = try mask(text, rules, format)
        #expect(kept.counts == kept.maskCounts)
        #expect(kept.values.enumerated().allSatisfy { $0.element.row == UInt64($0.offset + 1) })
        return kept.values.map { "\($0.name)=\($0.text)" }
    }

    @Test(
        "a value of a document is kept as it was meant, with its place",
        arguments: [
            (#"{"ssn":"536-22-8741"}"#, ["field ssn: redact"], ["$.ssn=536-22-8741"]),
            (
                #"{"a":[{"ssn":"1"},{"b":{"ssn":2}},[{"ssn":true}]],"z":1}"#, ["field ssn: keep-last 4"],
                ["$.a[*].ssn=1", "$.a[*].b.ssn=2", "$.a[*][*].ssn=true"]
            ),
            (#"{"x":{"ssn":"a\"b\u00e9\n"},"y":0}"#, ["field ssn: pseudonym"], ["$.x.ssn=a\"bé\n"]),
            (#"{"x":{"ssn":"a\"b\u00e9\n"},"y":0}"#, ["field ssn: redact"], ["$.x.ssn=a\"bé\n"]),
            (#"{"x": {"k": [1, "two"], "l": null} ,"y":0}"#, ["field x: null"], [#"$.x={"k": [1, "two"], "l": null}"#]),
            (
                #"{"x":{"k":[1,"two"],"l":null},"y":{"m":1}}"#, ["field x: redact", "field m: null"],
                ["$.x.k[*]=1", "$.x.k[*]=two", "$.y.m=1"]
            ),
            (
                #"{"note":"card 4111 1111 1111 1111 and a@example.com"}"#, ["PAN: redact", "EMAIL: null"],
                ["$.note=4111 1111 1111 1111", "$.note=a@example.com"]
            ),
            (
                #"["4111111111111111",4111111111111111]"#, ["PAN: null"],
                ["$[*]=4111111111111111", "$[*]=4111111111111111"]
            ),
            (
                #"{"a@example.com":{"ssn":"1"}}"#, ["EMAIL: redact", "field ssn: redact"],
                ["$.(name)=a@example.com", "$.[EMAIL_ADDRESS].ssn=1"]
            ),
            (
                #"{"arguments":"{\"ssn\":\"536-22-8741\"}"}"#, ["field ssn: redact"],
                ["$.arguments $.ssn=536-22-8741"]
            ),
        ] as [(String, [String], [String])])
    func documents(text: String, rules: [String], expected: [String]) throws {
        #expect(try Self.shown(text, rules) == expected)
    }

    @Test("texts, lines and events are kept as the matches in them")
    func texts() throws {
        #expect(
            try Self.shown("to a@example.com, 4111 1111 1111 1111", allDetectors, .text)
                == ["text=a@example.com", "text=4111 1111 1111 1111"])
        #expect(
            try Self.shown("{\"ssn\":\"1\"}\n{\"ssn\":\"2\"}\n", ["field ssn: redact"], .ndjson)
                == ["$.ssn=1", "$.ssn=2"])
        #expect(
            try Self.shown(
                "data: {\"ssn\":\"1\"}\n\ndata: mail a@example.com\n\n", ["field ssn: redact", "EMAIL: redact"],
                .serverSentEvents) == ["$.ssn=1", "text=a@example.com"])
    }

    @Test("what is kept does not depend on where chunks were cut")
    func cuts() throws {
        let text =
            #"{"a":{"k":[1,"\u00e9\\x"]},"ssn":"a\"\u00e9\n\ud83d\ude00z","n":4111111111111111,"t":true,"#
            + #""note":"to a@example.com or 4111 1111 1111 1111.","p":"long \"quoted\" text"}"#
        let rules = ["field a: null", "field ssn: redact", "field t: redact", "field p: keep-last 2"] + allDetectors
        let whole = try Self.mask(text, rules)
        #expect(whole.counts == whole.maskCounts && whole.values.count == 7, "\(whole.values)")
        for cut in 1..<text.utf8.count {
            #expect(try Self.mask(text, rules, cuts: [cut]) == whole, "\(cut)")
            if cut + 3 < text.utf8.count { #expect(try Self.mask(text, rules, cuts: [cut, cut + 3]) == whole) }
        }
        #expect(try Self.mask(text, rules, cuts: Array(1..<text.utf8.count)) == whole)
    }

    @Test("a value of any length is kept whole, in chunks of bounded size")
    func longValues() throws {
        let long = String(repeating: #"é\n0123456789"#, count: 60_000)
        let meant = String(repeating: "é\n0123456789", count: 60_000)
        for transform in ["redact", "keep-last 4", "null"] {
            let sink = CollectingSink()
            let loop = EmbeddedEventLoop()
            let plan = try makePlan(["field x: \(transform)"]).keepingOriginals(
                in: OriginalsTap(sink: sink), on: loop)
            var masker = try StreamMasker(plan: plan, format: .json)
            let bytes = Array(#"{"x":"\#(long)","y":1}"#.utf8)
            for start in stride(from: 0, to: bytes.count, by: 10_007) {
                _ = try masker.mask(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + 10_007)]))
            }
            _ = try masker.finish()
            try plan.sealOriginals()
            #expect(sink.values.map(\.text) == [meant] && sink.chunks > 2, "\(transform)")
        }
    }

    @Test("once originals cannot be kept, nothing of the answer passes any more")
    func full() throws {
        let sink = CollectingSink()
        sink.room = 1
        let loop = EmbeddedEventLoop()
        let plan = try makePlan(["field ssn: keep-last 4"]).keepingOriginals(in: OriginalsTap(sink: sink), on: loop)
        var masker = try StreamMasker(plan: plan, format: .ndjson)
        let line = ByteBuffer(string: "{\"ssn\":\"\(String(repeating: "1", count: 1000))\"}\n")
        var passed = 0
        var failure: MaskingError?
        for _ in 0..<2000 {
            do throws(MaskingError) {
                _ = try masker.mask(line)
                passed += 1
            } catch {
                failure = error
            }
        }
        #expect(failure == .originalsNotKept(reason: "no space left"))
        // 64 KiB are sealed, and the same again is collected before it is known that they cannot be.
        #expect((64...140).contains(passed), "\(passed)")
        #expect(plan.originalsFailure == .originalsNotKept(reason: "no space left"))
        #expect(throws: MaskingError.originalsNotKept(reason: "no space left")) { try plan.sealOriginals() }
    }

    @Test("cells are kept with their row and column, also documents and what cannot be inspected")
    func cells() throws {
        let sink = CollectingSink()
        let loop = EmbeddedEventLoop()
        let plan = try makePlan(["column ssn: keep-last 4", "PAN: redact", "$.a: redact"]).keepingOriginals(
            in: OriginalsTap(sink: sink), on: loop)
        var masker = try #require(CellMasker(plan: plan))
        masker.describe(
            columns: [
                OriginalsColumns.Column(name: "public.t.ssn", encoding: .text),
                OriginalsColumns.Column(name: "doc", encoding: .text),
                OriginalsColumns.Column(name: "n", encoding: .integer),
            ])
        let rule = try #require(
            masker.rule(
                for: CellNames(
                    result: "ssn",
                    origins: [
                        ColumnOrigin(schema: "public", table: "t", column: "ssn")
                    ])))
        var output = ByteBuffer()
        for row in 1...3 as ClosedRange<UInt64> {
            masker.row = row
            masker.column = 0
            _ = Array("536-22-000\(row)".utf8).withUnsafeBytes { masker.apply(rule, to: $0, into: &output) }
            masker.column = 1
            _ = try masker.mask(document: ByteBuffer(string: #"{"a":"\#(row)","b":"4111111111111111"}"#), into: &output)
            masker.column = 2
            Array("\(row)".utf8).withUnsafeBytes { masker.countWithheld($0) }
        }
        try plan.sealOriginals()
        let second = sink.values.filter { $0.row == 2 }.map { "\($0.name)|\($0.rule)|\($0.encoding)|\($0.text)" }
        #expect(
            second == [
                "public.t.ssn|set/column ssn|text|536-22-0002", "doc $.a|set/path $.a|text|2",
                "doc $.b|set/detector PAN|text|4111111111111111", "n|not-inspectable|integer|2",
            ])
        #expect(sink.counts == Dictionary(masker.counts.map { ($0.rule, $0.count) }, uniquingKeysWith: +))
    }

    @Test("a million cells make chunks of bounded size, each of which names its fields itself")
    func manyCells() throws {
        let sink = CollectingSink()
        let loop = EmbeddedEventLoop()
        let plan = try makePlan(["column ssn: redact"]).keepingOriginals(in: OriginalsTap(sink: sink), on: loop)
        var masker = try #require(CellMasker(plan: plan))
        let rule = try #require(
            masker.rule(
                for: CellNames(
                    result: "ssn",
                    origins: [
                        ColumnOrigin(schema: "public", table: "t", column: "ssn")
                    ])))
        var output = ByteBuffer()
        for row in 1...50_000 as ClosedRange<UInt64> {
            masker.row = row
            _ = Array("\(row)".utf8).withUnsafeBytes { masker.apply(rule, to: $0, into: &output) }
            output.clear()
        }
        try plan.sealOriginals()
        #expect(sink.chunks == 8)
        #expect(sink.values.count == 50_000 && sink.values.allSatisfy { $0.text == "\($0.row)" })
        #expect(sink.values.allSatisfy { $0.name == "value" && $0.rule == "set/column ssn" })
    }

    @Test("a value that was cut off is kept as far as it came: what is counted is kept", arguments: [10, 100_000])
    func cutOff(length: Int) throws {
        let sink = CollectingSink()
        let loop = EmbeddedEventLoop()
        let tap = OriginalsTap(sink: sink)
        let plan = try makePlan(["field ssn: redact"]).keepingOriginals(in: tap, on: loop)
        var masker = try StreamMasker(plan: plan, format: .json)
        let begun = String(repeating: "7", count: length)
        _ = try masker.mask(ByteBuffer(string: #"{"ssn":"536-22-8741","x":{"ssn":"\#(begun)"#))
        // The answer ends here, without its end.
        try tap.finish()
        let counts = Dictionary(masker.counts.map { ($0.rule, $0.count) }, uniquingKeysWith: +)
        #expect(sink.counts == counts && sink.values.count == counts.values.reduce(0, +))
        #expect(sink.values.map(\.text) == ["536-22-8741", begun])
    }
}
