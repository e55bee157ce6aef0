/// A kind of regulated value that can be told by its form.
public enum Detector: String, Sendable, CaseIterable, Hashable {
    /// Payment card number: 12 to 19 digits, issuer range, Luhn (ISO/IEC 7812-1).
    case pan = "PAN"
    /// International bank account number: the country's length, mod 97 (ISO 13616).
    case iban = "IBAN"
    /// US social security number: area, group and serial as they are issued; without dashes only where the field's
    /// name or the words before it say so.
    case ssn = "US_SSN"
    case email = "EMAIL_ADDRESS"
    /// Telephone number: North American with separators, or with `+` and country code (E.164). Bare digits only where
    /// the field's name or the words before them say so.
    case phone = "PHONE_NUMBER"

    /// Reads a detector's name, e.g. `PAN`; case, `-` and `_` make no difference.
    public init(named name: String) throws(MaskingSyntaxError) {
        let plain = name.uppercased().filter { $0 != "_" && $0 != "-" }
        switch plain {
        case "PAN", "CREDITCARD", "CREDITCARDNUMBER": self = .pan
        case "IBAN", "IBANCODE": self = .iban
        case "USSSN", "SSN", "USSOCIALSECURITYNUMBER": self = .ssn
        case "EMAILADDRESS", "EMAIL": self = .email
        case "PHONENUMBER", "PHONE": self = .phone
        default:
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw MaskingSyntaxError(text: name, message: "no such detector; there are \(names)")
        }
    }
}

extension Detector: CustomStringConvertible {
    public var description: String { rawValue }
}

/// The detectors that are on.
struct DetectorSet: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let pan = DetectorSet(.pan)
    static let iban = DetectorSet(.iban)
    static let ssn = DetectorSet(.ssn)
    static let email = DetectorSet(.email)
    static let phone = DetectorSet(.phone)
    static let all: DetectorSet = [.pan, .iban, .ssn, .email, .phone]

    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ detector: Detector) { rawValue = 1 << UInt8(detector.index) }

    /// Fewer digits than this hold no match, except for an email address.
    var fewestDigits: Int {
        if contains(.iban) { return 4 }
        if contains(.phone) { return 7 }
        if contains(.ssn) { return 9 }
        return contains(.pan) ? 12 : .max
    }
}

extension Detector {
    var index: Int {
        switch self {
        case .pan: 0
        case .iban: 1
        case .ssn: 2
        case .email: 3
        case .phone: 4
        }
    }
}
