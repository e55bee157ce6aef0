/// Checks and takes apart what stands in `Host` and `:authority` (RFC 9110 section 7.2).
enum HostField {
    /// `host`, `host:port` or `[address]:port`, nothing else: no user information, no path, no white space.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 261 else { return false }
        var position = 0
        if bytes[0] == UInt8(ascii: "[") {
            position = 1
            while position < bytes.count,
                bytes[position].hexValue != nil || bytes[position] == UInt8(ascii: ":")
                    || bytes[position] == UInt8(ascii: ".")
            { position += 1 }
            guard position > 1, position < bytes.count, bytes[position] == UInt8(ascii: "]") else { return false }
            position += 1
        } else {
            while position < bytes.count, isNameCharacter(bytes[position]) { position += 1 }
            guard position > 0 else { return false }
        }
        if position == bytes.count { return true }
        guard bytes[position] == UInt8(ascii: ":") else { return false }
        let port = bytes[(position + 1)...]
        return (1...5).contains(port.count) && port.allSatisfy(\.isDigit)
    }

    /// The host alone, in lower case, without port and without a dot at its end.
    static func name(_ value: String) -> String {
        var host = Substring(value)
        if let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") { host = host[..<colon] }
        if host.hasSuffix(".") { host = host.dropLast() }
        return host.lowercased()
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.asciiLowercased &- 0x61 < 26 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }
}
