#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What limits on clients count by: an address of IPv4, or the first half of one of IPv6, as its second half is for each
/// machine to choose (RFC 4291, section 2.5.4).
enum ClientNetwork: Hashable, Sendable {
    case ipv6(prefix: [UInt8])
    case address(String)

    /// - Parameter address: Without a port. What is no address is its own network.
    init(_ address: String) {
        var bytes = in6_addr()
        guard inet_pton(AF_INET6, String(address.prefix { $0 != "%" }), &bytes) == 1 else {
            self = .address(address)
            return
        }
        let whole = withUnsafeBytes(of: bytes) { Array($0) }
        // An address of IPv4 as a listener for both families reports it: `::ffff:192.0.2.1` (section 2.5.5.2).
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        self =
            whole.starts(with: mapped)
            ? .address(whole.dropFirst(mapped.count).map(String.init).joined(separator: "."))
            : .ipv6(prefix: Array(whole.prefix(8)))
    }
}
