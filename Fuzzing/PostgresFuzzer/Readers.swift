import Crypto
import Masking
import NIOCore

@testable import PostgresWire

/// What reads bytes that somebody else has made. Each may refuse them; none may trap, and none may contradict itself.
enum Readers {
    static func read(_ input: UnsafeRawBufferPointer) {
        guard let which = input.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        switch which % 6 {
        case 0: payload(ByteBuffer(bytes: rest))
        case 1: messages(ByteBuffer(bytes: rest))
        case 2: signIn(rest)
        case 3: sql(String(decoding: rest, as: UTF8.self))
        case 4: rows(ByteBuffer(bytes: rest))
        default: copiedData(rest)
        }
    }

    // MARK: Messages

    private static func payload(_ payload: ByteBuffer) {
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
        _ = try? DataRow.texts(payload)
        if let fields = try? ErrorFields(payload) {
            let written = fields.errorResponse()
            let again = try? ErrorFields(
                written.getSlice(at: Frame.headerLength, length: written.readableBytes - Frame.headerLength)
                    ?? ByteBuffer())
            precondition(again == fields, "an error is another one when it is written and read again")
        }
        let bind = try? Bind(payload)
        if let bind { _ = try? BoundParameters.read(bind, types: [23, 25, 1700, 1184, 2950], encoding: .utf8) }
        for size in [1, 5, 64] { compare(bind, with: payload, inPiecesOf: size) }
    }

    /// A Bind that is read in pieces is the same one, or none either.
    private static func compare(_ bind: Bind?, with payload: ByteBuffer, inPiecesOf size: Int) {
        let found = Result { () throws(ProtocolViolation) in
            var scanner = BindScanner()
            var rest = payload
            while rest.readableBytes > 0 {
                try scanner.read(rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer())
            }
            return try scanner.finish()
        }
        guard let bind, case .success(let other) = found else {
            precondition(bind == nil && (try? found.get()) == nil, "a Bind is one at once and none in pieces, or so")
            return
        }
        precondition(
            bind.portal == other.portal && bind.statement == other.statement && bind.parameters == other.parameters
                && bind.parameterFormats == other.parameterFormats && bind.resultFormats == other.resultFormats,
            "a Bind is another in pieces")
    }

    /// A stream is cut into the same messages wherever it arrives in pieces.
    private static func messages(_ stream: ByteBuffer) {
        func read(inPiecesOf size: Int) -> (messages: [ByteBuffer], violation: ProtocolViolation?) {
            var input = CallerInput(statementLimit: 4096, messageLimit: 4096)
            var rest = stream
            var messages: [ByteBuffer] = []
            var long = ByteBuffer()
            while rest.readableBytes > 0 {
                input.append(rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer())
                do throws(ProtocolViolation) {
                    while let item = try input.next(passesCopyData: false) {
                        switch item {
                        case .message(let frame): messages.append(frame.bytes)
                        case .copyData: break
                        case .long(let piece):
                            long.writeImmutableBuffer(piece.bytes)
                            if piece.isLast { messages.append(long) }
                            if piece.isLast { long = ByteBuffer() }
                        }
                    }
                } catch {
                    return (messages, error)
                }
            }
            return (messages, nil)
        }
        let whole = read(inPiecesOf: .max)
        for size in [1, 3, 7] {
            let pieces = read(inPiecesOf: size)
            precondition(pieces.messages == whole.messages, "messages in pieces of \(size) are others")
            precondition(pieces.violation == whole.violation, "a violation shows in some pieces and in others not")
        }
    }

    private static func signIn(_ bytes: UnsafeRawBufferPointer) {
        var machine = SignInMachine(offersTLS: (bytes.first ?? 0) & 1 == 1)
        machine.append(ByteBuffer(bytes: bytes.dropFirst()))
        var events = 0
        while events < 100, let event = try? machine.next() {
            events += 1
            switch event {
            case .startup:
                if (bytes.first ?? 0) & 2 == 2 { _ = machine.requestPassword() } else { _ = machine.requestBearer() }
            case .discovery: _ = machine.refuseBearer(.init(issuer: "https://issuer.example", scope: "openid"))
            default: break
            }
        }
        precondition(events < 100, "a sign-in that does not end")
    }

    // MARK: SQL

    private static let parsing = SQLParsing(options: SQLReadingOptions())

    private static func sql(_ text: String) {
        let settings = SQLSettings(searchPath: ["public"], standardConformingStrings: true)
        let length = text.utf8.count
        for place in LiteralFreeText.literals(in: text) {
            precondition(
                place.lowerBound < place.upperBound && place.upperBound <= length, "a literal outside its text")
        }
        guard case .statements(let statements) = parsing.read(text, settings) else { return }
        for statement in statements {
            precondition(statement.range.upperBound <= length, "a statement outside its text")
            for place in statement.namedPlaces.flatMap(\.text) {
                precondition(
                    place.lowerBound <= place.upperBound && place.upperBound <= length, "a value outside its text")
            }
        }
        // A text whose shape is known must be taken for what it is when nothing is known.
        var reader = SQLReader(options: SQLReadingOptions())
        _ = reader.read(text, settings: settings)
        guard case .statements(let again) = reader.read(text, settings: settings) else {
            preconditionFailure("what was read once cannot be read again")
        }
        precondition(again.map(\.effects) == statements.map(\.effects), "other effects when it is read again")
        precondition(again.map(\.facts) == statements.map(\.facts), "other facts when it is read again")
    }

    // MARK: Masking

    private static let plan: MaskingPlan? = try? MaskingCatalog(
        ruleSets: [
            MaskingRuleSet(
                name: "fuzz",
                rules: [
                    MaskingRule(selector: .field("ssn"), transform: .keepLast(4)),
                    MaskingRule(selector: .field("gone"), transform: .null),
                    MaskingRule(selector: .detector(.pan), transform: .redact),
                ])
        ], pseudonymKey: SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    ).plan(["fuzz"])

    private static func columns(_ kinds: [ValueKind], _ format: ValueMasker.Format) -> ColumnMasking? {
        let names = ["id", "ssn", "gone", "note"]
        return plan.flatMap { plan in
            ColumnMasking(
                plan, zip(names, kinds).map { OutputColumn(names: CellNames(result: $0), kind: $1, format: format) })
        }
    }

    private static func rows(_ bytes: ByteBuffer) {
        let oids: [UInt32] = [23, 25, 1700, 114, 3802, 1184, 2950, 1009, 1016, 17]
        for format in [ValueMasker.Format.text, .binary] {
            for start in 0..<3 {
                let kinds = (0..<4).map { ValueKind(oid: oids[(start * 3 + $0) % oids.count]) ?? .other }
                guard let columns = columns(kinds, format) else { continue }
                var output = ByteBuffer()
                _ = bytes.withUnsafeReadableBytes { bytes in
                    Result { try RowMasking(columns).mask(bytes, limit: .max, into: &output) }
                }
            }
        }
    }

    private static func copiedData(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let data = Array(bytes.dropFirst())
        var options = CopyOptions()
        switch first % 4 {
        case 0: break
        case 1: options.delimiter = "|"
        case 2:
            options.format = .csv
            options.hasHeader = first & 4 == 4
        default: options.format = .binary
        }
        func masked(inPiecesOf size: Int) -> ByteBuffer? {
            let kinds = [ValueKind](repeating: ValueKind(oid: 25) ?? .other, count: 4)
            guard let columns = columns(kinds, options.format == .binary ? .binary : .text),
                let masking = try? CopyMasking(columns, options)
            else { return nil }
            var output = ByteBuffer()
            do {
                for start in stride(from: 0, to: data.count, by: size) {
                    try masking.mask(
                        ByteBuffer(bytes: data[start..<min(data.count, start + size)]), into: &output)
                }
                try masking.finish()
                return output
            } catch {
                return nil
            }
        }
        let whole = masked(inPiecesOf: max(1, data.count))
        for size in [1, 5] { precondition(masked(inPiecesOf: size) == whole, "masked otherwise in pieces of \(size)") }
    }
}
