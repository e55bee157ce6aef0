extension Value {
    /// Cedar's `ipaddr`: an IPv4 or IPv6 address with a prefix length; a single address has the full length.
    public struct IPAddress: Sendable, Hashable {
        public enum Version: Sendable, Hashable { case v4, v6 }
        public let version: Version
        /// The address as a number; IPv4 in the low 32 bits.
        public let address: UInt128
        /// 0 to 32, or 0 to 128.
        public let prefixLength: Int

        var bits: Int { version == .v4 ? 32 : 128 }

        /// Reads an address, optionally with `/length`. Neither leading zeros (`010.0.0.1` reads differently to
        /// different readers) nor IPv4 in IPv6 notation (`::ffff:10.0.0.1`) are taken; `nil` for these and any other text.
        public init?(_ text: String) {
            guard text.utf8.count <= 43 else { return nil }
            let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
            if let address = Self.parseV4(parts[0]) {
                (self.version, self.address) = (.v4, address)
            } else if let address = Self.parseV6(parts[0]) {
                (self.version, self.address) = (.v6, address)
            } else {
                return nil
            }
            let bits = self.version == .v4 ? 32 : 128
            guard parts.count == 2 else {
                self.prefixLength = bits
                return
            }
            guard let length = Self.decimal(parts[1], maximumDigits: bits == 32 ? 2 : 3), length <= bits else {
                return nil
            }
            self.prefixLength = length
        }

        private static func parseV4(_ text: Substring.UTF8View) -> UInt128? {
            let octets = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard octets.count == 4 else { return nil }
            var address: UInt128 = 0
            for octet in octets {
                guard let value = decimal(octet, maximumDigits: 3), value < 256 else { return nil }
                address = address << 8 | UInt128(value)
            }
            return address
        }

        /// RFC 4291 section 2.2, forms 1 and 2.
        private static func parseV6(_ text: Substring.UTF8View) -> UInt128? {
            let fields = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard (3...9).contains(fields.count) else { return nil }
            // A leading or trailing "::" leaves two empty fields at that end; a "::" within leaves one.
            var groups: [UInt128?] = []
            for (index, field) in fields.enumerated() {
                if field.isEmpty {
                    if index == 0 || index == fields.count - 1 {
                        guard fields[index == 0 ? 1 : index - 1].isEmpty else { return nil }
                    } else {
                        groups.append(nil)
                    }
                } else {
                    guard field.count <= 4, field.allSatisfy(\.isHexadecimalDigit),
                        let value = UInt128(String(decoding: field, as: UTF8.self), radix: 16)
                    else { return nil }
                    groups.append(value)
                }
            }
            let gaps = groups.count { $0 == nil }
            guard gaps <= 1, gaps == 1 ? groups.count <= 8 : groups.count == 8 else { return nil }
            var address: UInt128 = 0
            for group in groups {
                if let group {
                    address = address << 16 | group
                } else {
                    address = address << (16 * UInt128(9 - groups.count))
                }
            }
            return address
        }

        private static func decimal(_ digits: Substring.UTF8View, maximumDigits: Int) -> Int? {
            guard (1...maximumDigits).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0")
            else { return nil }
            var value: Int64 = 0
            for byte in digits {
                guard let next = value.appending(decimalDigit: byte, isNegative: false) else { return nil }
                value = next
            }
            return Int(value)
        }

        /// The bits below the prefix.
        private var hostMask: UInt128 {
            prefixLength == 0 && version == .v6 ? .max : (1 << UInt128(bits - prefixLength)) - 1
        }

        public var isLoopback: Bool {
            version == .v4 ? address >> 24 == 127 && prefixLength >= 8 : address == 1 && prefixLength == 128
        }

        public var isMulticast: Bool {
            version == .v4 ? address >> 28 == 0xe && prefixLength >= 4 : address >> 120 == 0xff && prefixLength >= 8
        }

        /// Whether every address of this network belongs to `other`.
        public func isInRange(_ other: IPAddress) -> Bool {
            guard version == other.version else { return false }
            return address & ~hostMask >= other.address & ~other.hostMask
                && address | hostMask <= other.address | other.hostMask
        }
    }
}

extension UInt8 {
    var isHexadecimalDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension Value.IPAddress: CustomStringConvertible {
    public var description: String {
        switch version {
        case .v4:
            "\(address >> 24 & 255).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)/\(prefixLength)"
        case .v6:
            stride(from: 112, through: 0, by: -16).map { String(address >> UInt128($0) & 0xffff, radix: 16) }
                .joined(separator: ":") + "/\(prefixLength)"
        }
    }
}
