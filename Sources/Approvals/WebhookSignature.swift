import Crypto
import Foundation
import Identifiers

/// The signature of a webhook delivery, in the header `Sallyport-Signature: t=SECONDS,v1=HEX`.
///
/// `v1` is HMAC-SHA256 (RFC 2104) with the shared secret over the decimal seconds since 1970, a full stop and the body,
/// byte for byte. The time is signed, so that a receiver can refuse a delivery that is replayed later.
public enum WebhookSignature {
    public static let headerName = "Sallyport-Signature"

    /// The header's value for `body` sent at `time`.
    public static func sign(_ body: [UInt8], at time: Timestamp, secret: SymmetricKey) -> String {
        let seconds = time.milliseconds / 1000
        let code = authenticate(body, seconds: seconds, secret: secret)
        return "t=\(seconds),v1=\(code.hexadecimal)"
    }

    /// Whether `header` is the signature of `body`, made no longer than `tolerance` before or after `now`.
    public static func isValid(
        _ header: String, for body: [UInt8], secret: SymmetricKey, now: Timestamp = .now,
        tolerance: Duration = .seconds(300)
    ) -> Bool {
        var seconds: UInt64?
        var code: [UInt8]?
        for part in header.split(separator: ",") {
            if part.hasPrefix("t=") { seconds = UInt64(part.dropFirst(2)) }
            if part.hasPrefix("v1=") { code = bytes(ofHex: part.dropFirst(3)) }
        }
        guard let seconds, let code else { return false }
        let apart = Double(now.milliseconds) / 1000 - Double(seconds)
        guard abs(apart) <= tolerance.fractionalSeconds else { return false }
        // Compares in constant time.
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: message(body, seconds: seconds), using: secret)
    }

    private static func authenticate(
        _ body: [UInt8], seconds: UInt64, secret: SymmetricKey
    ) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: message(body, seconds: seconds), using: secret)
    }

    private static func message(_ body: [UInt8], seconds: UInt64) -> [UInt8] {
        Array("\(seconds).".utf8) + body
    }

    private static func bytes(ofHex text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
