import GatewayCore
import StrictJSON

/// Names and values of a query or a form (`application/x-www-form-urlencoded`, WHATWG URL standard section 5.1).
enum FormDecoding {
    /// The parameters in the order of the text, and whether a name stands twice.
    ///
    /// - Throws: `RequestRefusal` when an escape is broken or does not decode to UTF-8: another reader could take the
    ///   text for something else.
    static func parameters(
        _ text: some StringProtocol, encoding: String
    ) throws(RequestRefusal) -> (parameters: [Parameter], hasDuplicates: Bool) {
        var parameters: [Parameter] = []
        var names: Set<[UInt8]> = []
        var hasDuplicates = false
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = try decode(pair[..<end], encoding)
            let value = end == pair.endIndex ? "" : try decode(pair[pair.index(after: end)...], encoding)
            if !names.insert(Array(name.utf8)).inserted { hasDuplicates = true }
            parameters.append(Parameter(name: name, value: .string(value), encoding: encoding))
        }
        return (parameters, hasDuplicates)
    }

    private static func decode(
        _ text: some Sequence<UInt8>, _ encoding: String
    ) throws(RequestRefusal) -> String {
        var bytes: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next()?.hexDigitValue, let low = iterator.next()?.hexDigitValue else {
                    throw broken(encoding, "has a % that no two hexadecimal digits follow")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { throw broken(encoding, "holds a NUL") }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw broken(encoding, "is not UTF-8") }
        return decoded
    }

    private static func broken(_ encoding: String, _ what: String) -> RequestRefusal {
        RequestRefusal(
            status: 400, rule: "\(encoding)-malformed", reason: "The \(encoding) \(what).",
            nextStep: "Send it percent-encoded as UTF-8.")
    }
}

extension UInt8 {
    fileprivate var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
