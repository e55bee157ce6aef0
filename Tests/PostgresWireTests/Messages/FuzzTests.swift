import Crypto
import Foundation
import NIOCore
import Testing

@testable import PostgresWire

/// A small generator of its own, so that a failure can be had again from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// Whatever the bytes are, reading them gives a value or a violation, and never more than was there.
@Suite("Messages of any bytes")
struct FuzzTests {
    /// Messages as clients send them, to start from.
    private static let samples: [ByteBuffer] = {
        var bind = ByteBuffer()
        bind.writeMessage(MessageCode.bind) {
            $0.writeProtocolString("portal")
            $0.writeProtocolString("statement")
            $0.writeMultipleIntegers(Int16(2), Int16(0), Int16(1), Int16(2), Int32(3))
            $0.writeString("abc")
            $0.writeMultipleIntegers(Int32(-1), Int16(1), Int16(1))
        }
        var parse = ByteBuffer()
        parse.writeMessage(MessageCode.parse) {
            $0.writeProtocolString("s")
            $0.writeProtocolString("SELECT $1")
            $0.writeMultipleIntegers(Int16(1), UInt32(23))
        }
        return [
            bind, parse, Query.message("SELECT 1"), Describe.message(portal: "p"),
            Bind.message(portal: "", statement: "x"), ReadyForQuery.message(.open), ParameterStatus.message("a", "b"),
            BackendKeyData(processID: 7, secret: [1, 2, 3, 4]).message,
            ErrorFields(severity: .error, code: .insufficientPrivilege, message: "no", detail: "d", hint: "h")
                .errorResponse(),
        ]
    }()

    private static func mutate(_ message: ByteBuffer, _ generator: inout SeededGenerator) -> ByteBuffer {
        var bytes = Array(message.readableBytesView)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes[place] = [0, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            }
        }
        return ByteBuffer(bytes: bytes)
    }

    private static func readAll(_ payload: ByteBuffer) {
        _ = try? Parse(payload)
        _ = try? Bind(payload)
        _ = try? Describe(payload)
        _ = try? Close(payload)
        _ = try? Execute(payload)
        _ = try? FunctionCall(payload)
        _ = try? RowDescription(payload)
        _ = try? ParameterDescription(payload)
        _ = try? CopyResponse(payload)
        _ = try? CommandComplete(payload)
        _ = try? ParameterStatus(payload)
        _ = try? ReadyForQuery(payload)
        _ = try? ErrorFields(payload)
        _ = try? DataRow.texts(payload)
    }

    @Test("payloads are read or refused", arguments: 0..<16)
    func payloads(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let sample = Self.samples.randomElement(using: &generator) ?? ByteBuffer()
            let message = Self.mutate(sample, &generator)
            Self.readAll(
                message.getSlice(at: min(5, message.writerIndex), length: max(0, message.readableBytes - 5))
                    ?? ByteBuffer())
        }
    }

    @Test("a stream of messages is cut the same wherever its bytes are cut", arguments: 0..<8)
    func chunks(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var stream = ByteBuffer()
        for _ in 0..<50 {
            let frontend = Self.samples[Int.random(in: 0..<5, using: &generator)]
            stream.writeImmutableBuffer(frontend)
        }
        func read(_ sizes: () -> Int) throws -> [ByteBuffer] {
            var input = CallerInput(statementLimit: 1 << 20, messageLimit: 1 << 20)
            var rest = stream
            var messages: [ByteBuffer] = []
            while rest.readableBytes > 0 {
                input.append(rest.readSlice(length: min(rest.readableBytes, sizes())) ?? ByteBuffer())
                while case .message(let frame)? = try input.next(passesCopyData: false) { messages.append(frame.bytes) }
            }
            return messages
        }
        let whole = try read { .max }
        #expect(whole.count == 50)
        #expect(try read { 1 } == whole)
        #expect(try read { Int.random(in: 1...40, using: &generator) } == whole)
    }

    @Test(
        "a message beyond its limit goes by without being held, wherever its bytes are cut",
        arguments: [1, 7, 4096, .max])
    func tooLong(size: Int) throws {
        var stream = ByteBuffer()
        for code in [MessageCode.query, MessageCode.bind, MessageCode.copyData] {
            for length in [1000, 1001, 20_000] {
                stream.writeMessage(code) { $0.writeRepeatingByte(UInt8(ascii: "x"), count: length) }
            }
        }
        var input = CallerInput(statementLimit: 1000, messageLimit: 1000)
        var seen: [String] = []
        var bytes = 0
        while stream.readableBytes > 0 {
            input.append(stream.readSlice(length: min(stream.readableBytes, size)) ?? ByteBuffer())
            while let item = try input.next(passesCopyData: false) {
                switch item {
                case .message(let frame): seen.append("\(Character(Unicode.Scalar(frame.type)))")
                case .long(let piece):
                    bytes += piece.bytes.readableBytes
                    if piece.isLast { seen.append("\(Character(Unicode.Scalar(piece.type))) of \(bytes)") }
                    if piece.isLast { bytes = 0 }
                case .copyData: seen.append("copied")
                }
            }
            #expect(input.bufferedBytes <= 1005)
        }
        #expect(seen == ["Q", "B", "d"].flatMap { [$0, "\($0) of 1006", "\($0) of 20005"] })
    }

    @Test("a Bind that is read in pieces is the one that is read at once, or refused like it", arguments: 0..<8)
    func bindInPieces(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<50 {
            var message = ByteBuffer()
            message.writeString(
                ["", "portal", String(repeating: "p", count: 63)].randomElement(using: &generator) ?? "")
            message.writeInteger(UInt8(0))
            message.writeString("statement\0")
            let count = Int.random(in: 0...6, using: &generator)
            let formats = [0, 1, count].randomElement(using: &generator) ?? 0
            message.writeInteger(UInt16(formats))
            for _ in 0..<formats { message.writeInteger(Int16.random(in: 0...1, using: &generator)) }
            message.writeInteger(UInt16(count))
            var values: [BoundValue] = []
            for _ in 0..<count {
                let length = [-1, 0, 5, 16_384, 16_385, 100_000].randomElement(using: &generator) ?? 0
                message.writeInteger(Int32(length))
                let value = (0..<max(0, length)).map { UInt8(truncatingIfNeeded: $0 &* (round + 1)) }
                message.writeBytes(value)
                values.append(
                    length < 0
                        ? .null
                        : length <= BindScanner.longestValue
                            ? .held(ByteBuffer(bytes: value))
                            : .long(
                                bytes: length,
                                sha256: SHA256.hash(data: value).map { String(format: "%02x", $0) }.joined()))
            }
            message.writeMultipleIntegers(UInt16(1), Int16(1))
            let isWhole = round.isMultiple(of: 2)
            if !isWhole { message = Self.mutate(message, &generator) }
            let expected = Result { () throws(ProtocolViolation) in try Bind(message) }
            let found = Result { () throws(ProtocolViolation) in
                var scanner = BindScanner()
                var rest = message
                while rest.readableBytes > 0 {
                    let size = Int.random(in: 1...40_000, using: &generator)
                    try scanner.read(rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer())
                }
                return try scanner.finish()
            }
            switch (expected, found) {
            case (.failure, .failure): #expect(!isWhole)
            case (.success(let one), .success(let other)):
                #expect(one.portal == other.portal && one.statement == other.statement)
                #expect(one.parameterFormats == other.parameterFormats && one.resultFormats == other.resultFormats)
                #expect(one.parameters.count == other.parameters.count)
                if isWhole { #expect(other.parameters == values) }
            default: Issue.record("at once \(expected), in pieces \(found)")
            }
        }
    }

    @Test("before sign-in anything ends in an event or a violation, and holds little", arguments: 0..<16)
    func signIn(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var machine = SignInMachine(offersTLS: Bool.random(using: &generator))
            var bytes = ByteBuffer()
            let body = Array("user\0alice\0database\0x\0\0".utf8)
            bytes.writeMultipleIntegers(Int32(8 + body.count), Int32(196_608))
            bytes.writeBytes(body)
            machine.append(Self.mutate(bytes, &generator))
            var events = 0
            while events < 20, let event = try? machine.next() {
                events += 1
                if case .startup = event {
                    _ = Bool.random(using: &generator) ? machine.requestPassword() : machine.requestBearer()
                }
                machine.append(Self.mutate(ByteBuffer(bytes: [0x70, 0, 0, 0, 6, 0x61, 0]), &generator))
            }
            #expect(events < 20)
        }
    }
}
