import Crypto
import Masking
import NIOCore
import Testing

@testable import PostgresWire

@Suite("Copied data, masked")
struct CopyMaskingTests {
    /// A plan of one rule set.
    static func plan(_ rules: [MaskingRule]) throws -> MaskingPlan {
        try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "set", rules: rules)], pseudonymKey: SymmetricKey(size: .bits256)
        ).plan(["set"])
    }

    private static func masking(_ options: CopyOptions) throws -> CopyMasking {
        let plan = try plan([
            MaskingRule(selector: .field("ssn"), transform: .keepLast(4)),
            MaskingRule(selector: .field("gone"), transform: .null),
            MaskingRule(selector: .detector(.pan), transform: .redact),
        ])
        let format: ValueMasker.Format = options.format == .binary ? .binary : .text
        let columns = ["id", "ssn", "gone", "note"].map {
            OutputColumn(names: CellNames(result: $0), kind: .text, format: format)
        }
        return try CopyMasking(try #require(ColumnMasking(plan, columns)), options)
    }

    /// The output for `data` given in pieces.
    private static func output(_ data: [UInt8], _ options: CopyOptions, piece: Int) throws -> String {
        let masking = try masking(options)
        var output = ByteBuffer()
        for start in stride(from: 0, to: data.count, by: piece) {
            try masking.mask(ByteBuffer(bytes: data[start..<min(data.count, start + piece)]), into: &output)
        }
        try masking.finish()
        return String(decoding: output.readableBytesView, as: UTF8.self)
    }

    @Test(
        "a row is masked the same wherever it is cut",
        arguments: [
            (
                CopyOptions(),
                "1\t536-22-0001\tx\tsee 4111111111111111\n\\N\t\\N\t\\N\ta\\tb\\\\c\\nd\n2\t\t\ttab\\t4111111111111111\n",
                "1\t*******0001\t\\N\tsee [PAN]\n\\N\t\\N\t\\N\ta\\tb\\\\c\\nd\n2\t\t\\N\ttab\\t[PAN]\n"
            ),
            (
                CopyOptions(delimiter: "|", null: "nil"), "1|536-22-0001|x|a\\|4111111111111111\nnil|nil|nil|nil\n",
                "1|*******0001|nil|a\\|[PAN]\nnil|nil|nil|nil\n"
            ),
            (
                // What fuzzing found: a lone backslash for NULL took the end of the row for a part of it.
                CopyOptions(null: "\\"), "1\t536-22-0001\tx\t\\\n2\t536-22-0002\tx\t\\\n\\\t\\\t\\\t\\\\\n",
                "1\t*******0001\t\\\t\\\n2\t*******0002\t\\\t\\\n\\\t\\\t\\\t\\\\\n"
            ),
            (
                CopyOptions(format: .csv, hasHeader: true),
                "id,ssn,gone,note\n1,536-22-0001,x,\"a \"\"4111111111111111\"\"\nnext line\"\n,,,\n\"\",\"\",\"\",plain\n",
                "id,ssn,gone,note\n1,\"*******0001\",,\"a \"\"[PAN]\"\"\nnext line\"\n,,,\n\"\",\"\",,plain\n"
            ),
            (
                CopyOptions(format: .csv, delimiter: ";", null: "-", quote: "'", escape: "\\"),
                "1;'536-22-0001';-;'it\\'s 4111111111111111'\n", "1;'*******0001';-;'it\\'s [PAN]'\n"
            ),
        ])
    func chunks(options: CopyOptions, text: String, expected: String) throws {
        let data = Array(text.utf8)
        for piece in 1...data.count { #expect(try Self.output(data, options, piece: piece) == expected) }
    }

    @Test("binary rows too, and what is none is refused")
    func binary() throws {
        var data = ByteBuffer(bytes: Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00, 0, 0, 0, 0, 0, 0, 0, 0])
        let header = data.readableBytes
        data.writeInteger(Int16(4))
        for text in ["1", "536-22-0001", "x", "4111111111111111"] {
            data.writeInteger(Int32(text.utf8.count))
            data.writeString(text)
        }
        data.writeInteger(Int16(-1))
        let bytes = Array(data.readableBytesView)
        let options = CopyOptions(format: .binary)
        let whole = try Self.output(bytes, options, piece: bytes.count)
        #expect(whole.contains("*******0001") && whole.contains("[PAN]") && !whole.contains("4111"))
        for piece in 1..<bytes.count { #expect(try Self.output(bytes, options, piece: piece) == whole) }
        var wrong = bytes
        wrong[header + 1] = 3
        #expect(throws: ProtocolViolation.self) { try Self.output(wrong, options, piece: 7) }
        wrong = bytes
        wrong[0] = 0
        #expect(throws: ProtocolViolation.self) { try Self.output(wrong, options, piece: 7) }
    }

    @Test("rows with other columns than were described, and data that ends amid a row, are refused")
    func malformed() throws {
        for text in ["1\t2\t3\n", "1\t2\t3\t4\t5\n", "1\t2\t3\t4", "1\t2\t3\t4\\\n5\t6\t7\t8\n", "1\t2\t3\t4\\\n"] {
            #expect(throws: ProtocolViolation.self) { try Self.output(Array(text.utf8), CopyOptions(), piece: 100) }
        }
        #expect(throws: ProtocolViolation.self) { try Self.masking(CopyOptions(unknown: "encoding")) }
    }
}
