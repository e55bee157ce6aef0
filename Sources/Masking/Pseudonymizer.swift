import Crypto

/// Keyed digests that stand for values: equal values get equal stand-ins, and only the key's holder can test a guess.
struct Pseudonymizer: Sendable {
    private let key: SymmetricKey

    init(key: SymmetricKey) { self.key = key }

    /// The type under which a value is hashed that no detector knows.
    static let plainType = "VALUE"

    /// HMAC-SHA256 over `type || 0x00 || normalized`, cut to 128 bits, in base32 (RFC 4648) without padding.
    func digest(type: String, normalized: some Sequence<UInt8>) -> [UInt8] {
        var hmac = start(type: type)
        hmac.update(data: Array(normalized))
        return Self.encode(hmac.finalize())
    }

    func start(type: String) -> HMAC<SHA256> {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Array(type.utf8) + [0])
        return hmac
    }

    static func encode(_ code: HMAC<SHA256>.MAC) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(26)
        var bits: UInt32 = 0
        var count = 0
        for byte in code.prefix(16) {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                output.append(alphabet[Int(bits >> UInt32(count) & 31)])
            }
        }
        if count > 0 { output.append(alphabet[Int(bits << UInt32(5 - count) & 31)]) }
        return output
    }
}
