import Foundation

/// The value of the critical option `source-address`: addresses and CIDR blocks with commas between.
///
/// As in OpenSSH, the whole list is refused when one of its entries cannot be read or has bits set after its prefix:
/// whoever wrote it meant something else.
struct SourceAddressList: Sendable {
    private struct Block: Sendable {
        let address: [UInt8]
        let prefix: Int

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            return zip(address, other).enumerated().allSatisfy { index, pair in
                (pair.0 ^ pair.1) & Self.mask(prefix, byte: index) == 0
            }
        }

        var hasBitsAfterPrefix: Bool {
            address.enumerated().contains { index, byte in byte & ~Self.mask(prefix, byte: index) != 0 }
        }

        private static func mask(_ prefix: Int, byte index: Int) -> UInt8 {
            let bits = min(max(prefix - index * 8, 0), 8)
            return UInt8(truncatingIfNeeded: 0xff00 >> bits)
        }
    }

    private let blocks: [Block]

    init?(_ text: String) {
        var blocks: [Block] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let address = Self.bytes(of: String(first)) else { return nil }
            var prefix = address.count * 8
            if parts.count == 2 {
                guard let given = Self.number(parts[1]), given <= prefix else { return nil }
                prefix = given
            }
            let block = Block(address: address, prefix: prefix)
            guard !block.hasBitsAfterPrefix else { return nil }
            blocks.append(block)
        }
        self.blocks = blocks
    }

    /// Whether the address is in one of the blocks. An IPv4 address that a listener for both families reports as
    /// `::ffff:192.0.2.1` is taken as IPv4; the zone of a link-local address is left out.
    func contains(_ address: String) -> Bool {
        let withoutZone = address.prefix { $0 != "%" }
        guard var bytes = Self.bytes(of: String(withoutZone)) else { return false }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        if bytes.count == 16, bytes.starts(with: mapped) { bytes = Array(bytes.dropFirst(12)) }
        return blocks.contains { $0.contains(bytes) }
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func bytes(of text: String) -> [UInt8]? {
        // The system's function stops at a zero byte.
        guard !text.utf8.contains(0) else { return nil }
        var ipv4 = in_addr()
        if inet_pton(AF_INET, text, &ipv4) == 1 { return withUnsafeBytes(of: ipv4) { Array($0) } }
        var ipv6 = in6_addr()
        if inet_pton(AF_INET6, text, &ipv6) == 1 { return withUnsafeBytes(of: ipv6) { Array($0) } }
        return nil
    }
}
