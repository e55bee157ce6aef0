/// Detector matches in JSON numbers: the whole number is an identifier, or nothing is.
enum NumberDetection {
    /// A social security number that lost its leading zeros has seven digits.
    static let fewestDigits = 7

    /// - Returns: the detector, and the number's digits without sign, fraction and exponent.
    static func match(
        _ number: UnsafeRawBufferPointer, detectors: DetectorSet, context: ScanContext
    ) -> (detector: Detector, digits: [UInt8])? {
        guard number.count >= fewestDigits, let first = number.first, first.isDigit else { return nil }
        var index = 0
        while index < number.count, number[index].isDigit { index &+= 1 }
        if index == number.count {
            guard let detector = detector(number, detectors, context) else { return nil }
            return (detector, detector == .ssn ? padded(number) : Array(number))
        }
        guard let digits = wholeNumber(number) else { return nil }
        guard let detector = digits.withUnsafeBytes({ detector($0, detectors, context) }) else { return nil }
        return (detector, detector == .ssn ? digits.withUnsafeBytes { padded($0) } : digits)
    }

    private static func detector(
        _ digits: UnsafeRawBufferPointer, _ detectors: DetectorSet, _ context: ScanContext
    ) -> Detector? {
        let text = ScannedText(bytes: digits, isFinal: true)
        switch digits.count {
        case 12...19:
            if detectors.contains(.pan), CardNumber.matches(text, context: context) { return .pan }
        case 7...9:
            if detectors.contains(.ssn), context.contains(.socialSecurity),
                SocialSecurityNumber.isIssued(digits.reduce(0) { $0 * 10 + Int($1 & 15) })
            {
                return .ssn
            }
        default: break
        }
        let isTelephone = detectors.contains(.phone) && context.contains(.phone) && digits.count <= 15
        return isTelephone ? .phone : nil
    }

    private static func padded(_ digits: UnsafeRawBufferPointer) -> [UInt8] {
        Array(repeating: UInt8(ascii: "0"), count: 9 - digits.count) + digits
    }

    /// The digits of a number written with fraction or exponent (`4.111111111111111e15`, `4111111111111111.0`), if
    /// it is whole and not too long for an identifier.
    private static func wholeNumber(_ number: UnsafeRawBufferPointer) -> [UInt8]? {
        var digits: [UInt8] = []
        var point: Int?
        var index = 0
        while index < number.count, number[index] | 0x20 != UInt8(ascii: "e") {
            if number[index] == UInt8(ascii: ".") { point = digits.count } else { digits.append(number[index]) }
            guard digits.count <= 64 else { return nil }
            index += 1
        }
        let exponent = index < number.count ? Int(String(decoding: number[(index + 1)...], as: UTF8.self)) ?? .max : 0
        guard abs(exponent) <= 64 else { return nil }
        let length = (point ?? digits.count) + exponent
        guard 1...19 ~= length else { return nil }
        while digits.count < length { digits.append(UInt8(ascii: "0")) }
        guard digits[length...].allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        let whole = Array(digits[..<length].drop { $0 == UInt8(ascii: "0") })
        return whole.count >= fewestDigits ? whole : nil
    }
}
