/// International bank account numbers: ISO 13616 form, the SWIFT registry's lengths, ISO 7064 mod 97-10.
enum BankAccountNumber {
    /// Whether an IBAN has its check digits at `index`, so that its country stands in the two bytes before.
    static func verdict(_ text: ScannedText, checkDigits index: Int, floor: Int) -> ScannedText.Verdict {
        let bytes = text.bytes
        let start = index - 2
        guard start >= floor, bytes[start].isLetter, bytes[start + 1].isLetter, !text.hasWord(before: start),
            start == 0 || bytes[start - 1] != UInt8(ascii: "\\")
        else { return .none }
        let length = length(bytes[start], bytes[start + 1])
        guard length > 0 else { return .none }
        switch text.next(index + 1) {
        case .byte(let byte) where byte.isDigit: break
        case .unknown: return .undecided
        default: return .none
        }
        var position = index + 2
        var separator: UInt8?
        var isGrouped = false
        var remainder = 0
        for place in 4..<length {
            if place % 4 == 0 {
                switch text.separator(at: position) {
                case .unknown: return .undecided
                case .found(let length, let kind):
                    guard place == 4 || (isGrouped && kind == separator) else { return .none }
                    isGrouped = true
                    separator = kind
                    position += length
                case .none: if isGrouped { return .none }
                }
            }
            switch text.next(position) {
            case .unknown: return .undecided
            case .byte(let byte) where byte.isLetterOrDigit: remainder = step(remainder, byte)
            default: return .none
            }
            position += 1
        }
        switch text.next(position) {
        case .unknown: return .undecided
        case .byte(let byte) where byte.isLetterOrDigit: return .none
        default: break
        }
        for place in start..<start + 4 { remainder = step(remainder, bytes[place]) }
        return remainder == 1 ? .match(start: start, end: position) : .none
    }

    private static func step(_ remainder: Int, _ byte: UInt8) -> Int {
        byte.isDigit
            ? (remainder * 10 + Int(byte & 15)) % 97 : (remainder * 100 + Int((byte | 0x20) - 0x61) + 10) % 97
    }

    private static func length(_ first: UInt8, _ second: UInt8) -> Int {
        Int(lengths[Int((first | 0x20) - 0x61) * 26 + Int((second | 0x20) - 0x61)])
    }

    /// By country, 26 × 26; 0 where no IBANs exist.
    private static let lengths: [UInt8] = {
        let registry = """
            AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 \
            EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 \
            KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 \
            PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 \
            UA29 VA22 VG24 XK20 YE30
            """
        var lengths = [UInt8](repeating: 0, count: 26 * 26)
        for entry in registry.split(separator: " ") {
            let letters = entry.utf8.prefix(2).map { Int($0 - UInt8(ascii: "A")) }
            lengths[letters[0] * 26 + letters[1]] = UInt8(entry.dropFirst(2)) ?? 0
        }
        return lengths
    }()
}
