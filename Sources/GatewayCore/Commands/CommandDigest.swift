import Crypto
import StrictJSON

/// A keyed digest (HMAC-SHA256) of a command's canonical encoding: what an approval is bound to.
///
/// Keyed, because it stands in the log beside a text from which regulated values were taken out: whoever has the log, and
/// not the key, could else find such a value by trying all that there are.
public struct CommandDigest: Sendable, Hashable, CustomStringConvertible {
    private let bytes: HMAC<SHA256>.MAC

    static let digitCount = 64

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.digitCount) { out in
            write(to: out)
            return Self.digitCount
        }
    }

    /// Writes what `description` says.
    func write(to out: UnsafeMutableBufferPointer<UInt8>) {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
        bytes.withUnsafeBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                out[2 * index] = digit(byte >> 4)
                out[2 * index + 1] = digit(byte & 0xf)
            }
        }
    }

    fileprivate init(_ bytes: HMAC<SHA256>.MAC) { self.bytes = bytes }

    /// What digests are made with; those of different keys are not comparable.
    public struct Key: Sendable {
        /// Begun with the key, which each digest goes on from.
        fileprivate let start: HMAC<SHA256>

        /// - Parameter pseudonymKey: The deployment's pseudonym key, from which this one is derived.
        public init(pseudonymKey: SymmetricKey) {
            start = HMAC<SHA256>(
                key: HKDF<SHA256>.deriveKey(
                    inputKeyMaterial: pseudonymKey, info: Array("sallyport command digest".utf8), outputByteCount: 32))
        }
    }
}

/// SHA-256 over the canonical encoding of a command's effects and facts.
struct FormDigest: Sendable, Hashable {
    fileprivate let bytes: SHA256Digest

    init(effects: [Effect], facts: [Fact]) {
        var encoder = CanonicalEncoder()
        encoder.put(label: "sallyport command form v2")
        encoder.put(effects.count)
        for effect in effects {
            encoder.put(effect.action)
            encoder.put(effect.resource.type)
            encoder.put(effect.resource.name)
            encoder.put(effect.resource.attributes.count)
            for name in effect.resource.attributes.keys.sorted() {
                encoder.put(name)
                if let value = effect.resource.attributes[name] { encoder.put(value) }
            }
        }
        encoder.put(facts.count)
        for fact in facts {
            encoder.put(fact.name)
            encoder.put(fact.value)
        }
        bytes = SHA256.hash(data: encoder.bytes)
    }
}

extension Command {
    /// The digest of this command against `target`.
    ///
    /// The canonical encoding is injective: after the label `sallyport command v3` and a zero byte come the target, the
    /// SHA-256 of effects and facts (encoded in the same way, after the label `sallyport command form v2`), the text and
    /// the parameters. Each list is preceded by its count and each string by its length in bytes (both as 64-bit
    /// big-endian integers), each typed value by one byte that names its type. A resource's attributes are sorted by
    /// name; everything else keeps the order in which the adapter gave it. Two commands that differ in one byte anywhere
    /// therefore differ in their encoding.
    public func digest(target: String, key: CommandDigest.Key) -> CommandDigest {
        var encoder = CanonicalEncoder()
        encoder.put(label: "sallyport command v3")
        encoder.put(target)
        (form?.digest ?? FormDigest(effects: effects, facts: facts)).bytes.withUnsafeBytes {
            encoder.bytes.append(contentsOf: $0)
        }
        encoder.put(text)
        encoder.put(parameters.count)
        for parameter in parameters {
            encoder.put(parameter.name)
            encoder.put(parameter.encoding)
            encoder.put(parameter.value)
        }
        var code = key.start
        code.update(data: encoder.bytes)
        return CommandDigest(code.finalize())
    }
}

private struct CanonicalEncoder {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(1024) }

    mutating func put(label: StaticString) {
        label.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(0)
    }

    mutating func put(_ integer: Int) {
        withUnsafeBytes(of: UInt64(integer).bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            put(utf8.count)
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func put(_ value: FactValue) {
        switch value {
        case .bool(let value): bytes.append(contentsOf: [UInt8(ascii: "b"), value ? 1 : 0])
        case .integer(let value):
            bytes.append(UInt8(ascii: "i"))
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        case .string(let value):
            bytes.append(UInt8(ascii: "s"))
            put(value)
        case .contentDigest(let value):
            bytes.append(UInt8(ascii: "d"))
            put(value)
        case .strings(let values):
            bytes.append(UInt8(ascii: "l"))
            put(values.count)
            for value in values { put(value) }
        }
    }

    mutating func put(_ value: JSONValue) {
        switch value {
        case .null: bytes.append(UInt8(ascii: "0"))
        case .bool(let value): bytes.append(contentsOf: [UInt8(ascii: "b"), value ? 1 : 0])
        case .number(let text):
            bytes.append(UInt8(ascii: "n"))
            put(text)
        case .string(let text):
            bytes.append(UInt8(ascii: "s"))
            put(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "a"))
            put(elements.count)
            for element in elements { put(element) }
        case .object(let members):
            bytes.append(UInt8(ascii: "o"))
            put(members.count)
            for member in members {
                put(member.name)
                put(member.value)
            }
        }
    }
}
