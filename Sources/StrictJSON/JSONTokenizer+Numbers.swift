/// Numbers of the tokenizer: RFC 8259 section 6.
extension JSONTokenizer {
    /// Bytes that one number may have. A double's longest exact decimal form has 767 digits.
    static var maximumNumberLength: Int { 1100 }

    /// What a number that a chunk's end cuts has to remember.
    struct NumberState: Sendable {
        enum Phase: UInt8 { case start, minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits }

        var phase = Phase.start
        var length = 0
        /// Bytes of the number that earlier chunks held.
        var earlier: [UInt8] = []

        var canEnd: Bool {
            switch phase {
            case .zero, .integer, .fraction, .exponentDigits: true
            default: false
            }
        }
    }

    mutating func scanNumber(
        _ chunk: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(JSONParseError) -> Token {
        var phase = number.phase
        var index = position
        scan: while index < chunk.count {
            let byte = chunk[index]
            switch phase {
            case .integer:
                if byte &- UInt8(ascii: "0") < 10 { break }
                if byte == UInt8(ascii: ".") {
                    phase = .point
                } else if byte | 0x20 == UInt8(ascii: "e") {
                    phase = .exponent
                } else {
                    break scan
                }
            case .zero:
                if byte == UInt8(ascii: ".") {
                    phase = .point
                } else if byte | 0x20 == UInt8(ascii: "e") {
                    phase = .exponent
                } else {
                    break scan
                }
            case .fraction:
                if byte &- UInt8(ascii: "0") < 10 { break }
                guard byte | 0x20 == UInt8(ascii: "e") else { break scan }
                phase = .exponent
            case .exponentDigits: guard byte &- UInt8(ascii: "0") < 10 else { break scan }
            case .start where byte == UInt8(ascii: "-"): phase = .minus
            case .start, .minus:
                guard byte &- UInt8(ascii: "0") < 10 else { throw digitExpected(at: index) }
                phase = byte == UInt8(ascii: "0") ? .zero : .integer
            case .point:
                guard byte &- UInt8(ascii: "0") < 10 else { throw digitExpected(at: index) }
                phase = .fraction
            case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): phase = .exponentSign
            case .exponent, .exponentSign:
                guard byte &- UInt8(ascii: "0") < 10 else { throw digitExpected(at: index) }
                phase = .exponentDigits
            }
            index &+= 1
        }
        number.phase = phase
        number.length += index - position
        guard number.length <= Self.maximumNumberLength else {
            throw JSONParseError(offset: base + index, reason: .numberTooLong(limit: Self.maximumNumberLength))
        }
        let digits = UnsafeRawBufferPointer(rebasing: chunk[position..<index])
        position = index
        guard index < chunk.count else {
            number.earlier.append(contentsOf: digits)
            endPart(chunk)
            return .numberPart
        }
        try endNumber(digits, at: index)
        return .number
    }

    mutating func endNumber(at position: Int) throws(JSONParseError) {
        try endNumber(UnsafeRawBufferPointer(start: nil, count: 0), at: position)
    }

    /// The range check reads digits only where they can matter: under 300 bytes without exponent nothing overflows.
    private mutating func endNumber(_ digits: UnsafeRawBufferPointer, at position: Int) throws(JSONParseError) {
        if number.phase == .exponentDigits || number.length > 300 {
            let text = String(decoding: number.earlier, as: UTF8.self) + String(decoding: digits, as: UTF8.self)
            guard let value = Double(text), value.isFinite else {
                throw JSONParseError(offset: base + position, reason: .numberOutOfRange)
            }
        }
        endValue()
    }

    private func digitExpected(at position: Int) -> JSONParseError {
        JSONParseError(offset: base + position, reason: .unexpected(expected: "a digit"))
    }
}
