import Identifiers
import Masking
import NIOCore

/// Masks single values of any type, in the text and the binary format: what stands for a value is a value of its type,
/// or NULL.
struct ValueMasker {
    enum Format { case text, binary }
    /// What is done to all values of a column.
    enum Treatment {
        case keep
        /// A rule selects the column.
        case apply(CellMasker.Rule)
        /// Detectors look at each value.
        case scan(CellSurroundings)
    }

    typealias Outcome = CellMasker.Outcome

    var cells: CellMasker

    /// Appends what stands for `value` to `output`.
    mutating func mask(
        _ value: UnsafeRawBufferPointer, _ kind: ValueKind, _ format: Format, _ treatment: Treatment,
        into output: inout ByteBuffer
    ) -> Outcome {
        switch treatment {
        case .keep: .untouched
        case .apply(let rule): apply(rule, value, kind, format, &output)
        case .scan(let surroundings): scan(value, kind, format, surroundings, &output)
        }
    }

    // MARK: Rules

    private mutating func apply(
        _ rule: CellMasker.Rule, _ value: UnsafeRawBufferPointer, _ kind: ValueKind, _ format: Format,
        _ output: inout ByteBuffer
    ) -> Outcome {
        switch kind {
        case .text: return cells.apply(rule, to: value, into: &output)
        case .json(let isVersioned):
            guard isVersioned, format == .binary else { return cells.apply(rule, toJSON: value, into: &output) }
            guard let document = Self.withoutVersion(value) else { return null(rule, value) }
            output.writeInteger(UInt8(1))
            return cells.apply(rule, toJSON: document, into: &output)
        case .integer(let size):
            let number = format == .binary ? BinaryNumber.integer(value) : Self.integer(value)
            guard let number, let standIn = rule.transform.standIn(for: number),
                BinaryNumber.fits(standIn, in: size)
            else { return null(rule, value) }
            cells.count(rule, original: value)
            if format == .binary {
                BinaryNumber.write(standIn, size: size, into: &output)
            } else {
                output.writeString("\(standIn)")
            }
            return .written
        case .bytea:
            // Of bytes nothing can be kept that would not be theirs.
            switch rule.transform {
            case .redact, .replace: break
            default: return null(rule, value)
            }
            if format == .binary { return cells.apply(rule, to: value, into: &output) }
            var plain = ByteBuffer()
            guard case .written = cells.apply(rule, to: value, into: &plain) else { return .null }
            Self.writeHex(plain, into: &output)
            return .written
        case .array(let element): return maskElements(value, element, format, .apply(rule), &output)
        case .float, .numeric, .plain, .other: return null(rule, value)
        }
    }

    private mutating func null(_ rule: CellMasker.Rule, _ value: UnsafeRawBufferPointer) -> Outcome {
        cells.count(rule, original: value)
        return .null
    }

    // MARK: Detectors

    private mutating func scan(
        _ value: UnsafeRawBufferPointer, _ kind: ValueKind, _ format: Format, _ surroundings: CellSurroundings,
        _ output: inout ByteBuffer
    ) -> Outcome {
        switch kind {
        case .text: return cells.scan(value, in: surroundings, into: &output)
        case .plain: return .untouched
        case .json(let isVersioned):
            guard isVersioned, format == .binary else { return scan(document: value, &output) }
            guard let document = Self.withoutVersion(value) else { return withheld(value) }
            let start = output.writerIndex
            output.writeInteger(UInt8(1))
            let outcome = scan(document: document, &output)
            if case .untouched = outcome { output.moveWriterIndex(to: start) }
            return outcome
        case .integer(let size):
            guard let least = cells.leastNumber(in: surroundings),
                let number = format == .binary ? BinaryNumber.integer(value) : Self.integer(value),
                number.magnitude >= least, let rule = cells.rule(forNumber: "\(number)", in: surroundings)
            else { return .untouched }
            return apply(rule, value, .integer(size), format, &output)
        case .float, .numeric:
            guard cells.leastNumber(in: surroundings) != nil else { return .untouched }
            let text: String? =
                switch (kind, format) {
                case (_, .text): String(decoding: value, as: UTF8.self)
                case (.numeric, .binary): BinaryNumber.numeric(value)
                default:
                    BinaryNumber.float(value).flatMap { $0.magnitude < 1e18 ? Int64(exactly: $0) : nil }.map(
                        String.init)
                }
            guard let text, let rule = cells.rule(forNumber: text, in: surroundings) else { return .untouched }
            return null(rule, value)
        case .bytea:
            if format == .binary { return cells.scan(bytes: value, in: surroundings, into: &output) }
            guard let bytes = Self.bytes(ofHex: value) else { return scanRaw(value, surroundings) }
            var plain = ByteBuffer()
            let outcome = bytes.withUnsafeBytes { cells.scan(bytes: $0, in: surroundings, into: &plain) }
            if case .written = outcome { Self.writeHex(plain, into: &output) }
            return outcome
        case .array(let element): return maskElements(value, element, format, .scan(surroundings), &output)
        case .other: return format == .binary ? withheld(value) : cells.scan(value, in: surroundings, into: &output)
        }
    }

    private mutating func scan(document: UnsafeRawBufferPointer, _ output: inout ByteBuffer) -> Outcome {
        guard cells.selectsInDocuments else { return .untouched }
        var copy = ByteBuffer()
        copy.writeBytes(document)
        do {
            return try cells.mask(document: copy, into: &output)
        } catch {
            return withheld(document)
        }
    }

    /// A value of which no part can be replaced: it becomes NULL where a detector finds something.
    private mutating func scanRaw(_ value: UnsafeRawBufferPointer, _ surroundings: CellSurroundings) -> Outcome {
        var scratch = ByteBuffer()
        if case .untouched = cells.scan(bytes: value, in: surroundings, into: &scratch) { return .untouched }
        return .null
    }

    /// A value that cannot be looked into.
    private mutating func withheld(_ value: UnsafeRawBufferPointer) -> Outcome {
        cells.countWithheld(value)
        return .null
    }

    // MARK: Forms

    private static func withoutVersion(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        value.first == 1 ? UnsafeRawBufferPointer(rebasing: value.dropFirst()) : nil
    }

    private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        Int64(String(decoding: text, as: UTF8.self))
    }

    /// `bytea` as PostgreSQL writes it with `bytea_output = hex`.
    private static func bytes(ofHex text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init) }
        for index in stride(from: 2, to: text.count, by: 2) {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func writeHex(_ bytes: ByteBuffer, into output: inout ByteBuffer) {
        output.writeString("\\x")
        output.writeString(bytes.readableBytesView.hexadecimal)
    }
}

extension CellMasker {
    fileprivate func rule(forNumber text: String, in surroundings: CellSurroundings) -> Rule? {
        var text = text
        return text.withUTF8 { rule(forNumber: UnsafeRawBufferPointer($0), in: surroundings) }
    }
}

extension Transform {
    /// A whole number that shows of `number` what the transform lets be seen; `nil` where there is none.
    fileprivate func standIn(for number: Int64) -> Int64? {
        let digits = String(number.magnitude)
        switch self {
        case .replace(let text): return Int64(text)
        case .keepLast(let count): return digits.count >= 2 * count ? Int64(digits.suffix(count)) : nil
        case .keepFirst(let count):
            guard digits.count >= 2 * count else { return nil }
            return Int64(digits.prefix(count) + String(repeating: "0", count: digits.count - count))
        case .redact, .null, .pseudonym: return nil
        }
    }
}
