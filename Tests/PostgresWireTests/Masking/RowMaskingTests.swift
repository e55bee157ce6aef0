import Masking
import NIOCore
import Testing

@testable import PostgresWire

@Suite("Rows, masked")
struct RowMaskingTests {
    private static func row(_ values: [String?]) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeMessage(MessageCode.dataRow) {
            $0.writeInteger(Int16(values.count))
            for value in values {
                $0.writeInteger(Int32(value?.utf8.count ?? -1))
                $0.writeString(value ?? "")
            }
        }
        return bytes
    }

    private static func masking() throws -> RowMasking {
        let plan = try CopyMaskingTests.plan([
            MaskingRule(selector: .field("ssn"), transform: .keepLast(4)),
            MaskingRule(selector: .detector(.pan), transform: .redact),
        ])
        let columns = ["id", "ssn", "note"].map {
            OutputColumn(names: CellNames(result: $0), kind: .text, format: .text)
        }
        return RowMasking(try #require(ColumnMasking(plan, columns)))
    }

    private static func mask(_ bytes: ByteBuffer, limit: Int = .max) throws -> (ByteBuffer, RowMasking.Run) {
        let masking = try masking()
        var output = ByteBuffer()
        let run = try bytes.withUnsafeReadableBytes { try masking.mask($0, limit: limit, into: &output) }
        return (output, run)
    }

    @Test("whole rows are masked, in one run, up to what is no row")
    func run() throws {
        var bytes = ByteBuffer()
        for number in 1...3 {
            bytes.writeImmutableBuffer(Self.row(["\(number)", "536-22-000\(number)", "card 4111111111111111"]))
        }
        bytes.writeImmutableBuffer(Self.row([nil, nil, nil]))
        let rows = bytes.readableBytes
        bytes.writeImmutableBuffer(ReadyForQuery.message(.idle))
        var expected = ByteBuffer()
        for number in 1...3 {
            expected.writeImmutableBuffer(Self.row(["\(number)", "*******000\(number)", "card [PAN]"]))
        }
        expected.writeImmutableBuffer(Self.row([nil, nil, nil]))
        let (output, run) = try Self.mask(bytes)
        #expect(output == expected && run.rows == 4 && run.consumed == rows)
        for end in 0..<rows {
            let part = try Self.mask(bytes.getSlice(at: 0, length: end) ?? ByteBuffer())
            #expect(part.1.rows < 4 && part.1.consumed <= end)
        }
        #expect(try Self.mask(bytes, limit: 2).1.rows == 2)
    }

    @Test("a row that is not what was described is refused, wherever it is wrong")
    func malformed() throws {
        let good = Array(Self.row(["1", "536-22-0001", "note"]).readableBytesView)
        for place in 5..<good.count {
            for value in [UInt8(0), 0x7f, 0x80, 0xff] where good[place] != value {
                var bytes = good
                bytes[place] = value
                // Another text is as good; anything else is not.
                if let (output, _) = try? Self.mask(ByteBuffer(bytes: bytes)) {
                    #expect(!String(buffer: output).contains("536-22-0001"), "byte \(place) as \(value)")
                }
            }
        }
        #expect(throws: ProtocolViolation.self) { try Self.mask(Self.row(["1", "2"])) }
        #expect(throws: ProtocolViolation.self) { try Self.mask(ByteBuffer(bytes: [0x44, 0, 0, 0, 5, 0])) }
    }

    @Test(
        "arrays are masked element by element",
        arguments: [
            ("{a,b}", nil), ("{4111111111111111,b}", "{[PAN],b}"), ("{NULL,\"4111111111111111\"}", "{NULL,[PAN]}"),
            ("{{a,4111111111111111},{b,c}}", "{{a,[PAN]},{b,c}}"), ("[0:1]={a,4111111111111111}", "[0:1]={a,[PAN]}"),
            ("{\"a, 4111111111111111\"}", "{\"a, [PAN]\"}"), ("{\"\\\"4111111111111111\"}", "{\"\\\"[PAN]\"}"),
            ("{}", nil),
        ] as [(String, String?)])
    func arrays(text: String, expected: String?) throws {
        let plan = try CopyMaskingTests.plan([MaskingRule(selector: .detector(.pan), transform: .redact)])
        var masker = ValueMasker(cells: try #require(CellMasker(plan: plan)))
        var output = ByteBuffer()
        let outcome = Array(text.utf8).withUnsafeBytes {
            masker.mask($0, .array(.text), .text, .scan(.none), into: &output)
        }
        #expect(outcome == (expected == nil ? .untouched : .written))
        if let expected { #expect(String(buffer: output) == expected) }
    }

    @Test(
        "numeric's binary form is read",
        arguments: [
            ("0", [0, 0, 0, 0]), ("4111111111111111", [4, 3, 0, 0, 4111, 1111, 1111, 1111]),
            ("1.5", [2, 0, 0, 1, 1, 5000]),
            ("-12345.678", [3, 1, 0x4000, 3, 1, 2345, 6780]), ("0.0012", [1, -1, 0, 4, 12]),
            ("10000", [1, 1, 0, 0, 1]),
        ] as [(String, [Int])])
    func numeric(text: String, words: [Int]) {
        var bytes = ByteBuffer()
        for word in words { bytes.writeInteger(Int16(truncatingIfNeeded: word)) }
        #expect(bytes.withUnsafeReadableBytes { BinaryNumber.numeric($0) } == text)
    }
}
