import Crypto
import StrictJSON

/// SHA-256 over a command's canonical encoding: what an approval is bound to.
public struct CommandDigest: Sendable, Hashable, CustomStringConvertible {
    private let bytes: SHA256Digest

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 64) { out in
            var index = 0
            for byte in bytes {
                out[index] = digits[Int(byte >> 4)]
                out[index + 1] = digits[Int(byte & 0xf)]
                index += 2
            }
            return 64
        }
    }

    fileprivate init(_ bytes: SHA256Digest) { self.bytes = bytes }
}

extension Command {
    /// The digest of this command against `target`.
    ///
    /// The canonical encoding is injective: after the label `sallyport command v1` and a zero byte come the target,
    /// effects, text, parameters and facts, each list preceded by its count and each string by its length in bytes
    /// (both as 64-bit big-endian integers), each typed value by one byte that names its type. A resource's attributes
    /// are sorted by name; everything else keeps the order in which the adapter gave it. Two commands that differ in
    /// one byte anywhere therefore differ in their encoding.
    public func digest(target: String) -> CommandDigest {
        var encoder = CanonicalEncoder()
        encoder.bytes.append(contentsOf: "sallyport command v1\0".utf8)
        encoder.put(target)
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
        encoder.put(text)
        encoder.put(parameters.count)
        for parameter in parameters {
            encoder.put(parameter.name)
            encoder.put(parameter.encoding)
            encoder.put(parameter.value)
        }
        encoder.put(facts.count)
        for fact in facts {
            encoder.put(fact.name)
            encoder.put(fact.value)
        }
        return CommandDigest(SHA256.hash(data: encoder.bytes))
    }
}

private struct CanonicalEncoder {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(1024) }

    mutating func put(_ integer: Int) {
        withUnsafeBytes(of: UInt64(integer).bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        put(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
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
