import Testing

@testable import SSHCredentials

@Suite("The option source-address")
struct SourceAddressListTests {
    @Test(
        "an address is in the list or not",
        arguments: [
            ("192.0.2.0/24", "192.0.2.200", true), ("192.0.2.0/24", "192.0.3.1", false),
            ("192.0.2.0/23", "192.0.3.1", true), ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "192.0.2.1", false),
            ("10.0.0.0/8,2001:db8::/32", "2001:db8:1::5", true), ("10.0.0.0/8,2001:db8::/32", "2001:db9::5", false),
            ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("fe80::/10", "fe80::1%eth0", true), ("2001:db8::1/128", "2001:db8::1", true), ("10.0.0.0/8", "", false),
            ("10.0.0.0/8", "10.0.0.1\u{0}", false), ("10.0.0.0/8", "localhost", false),
        ])
    func membership(list: String, address: String, expected: Bool) throws {
        #expect(try #require(SourceAddressList(list)).contains(address) == expected)
    }

    @Test(
        "lists that cannot be read are refused as a whole",
        arguments: [
            "", ",", "10.0.0.0/8,", "10.0.0.0/33", "::/129", "10.0.0.1/8", "2001:db8::1/64", "10.0.0.0/", "10.0.0.0/-1",
            "10.0.0.0/+8", "10.0.0.0/0008", "10.0.0.0/8/8", "!10.0.0.1", "10.*", "host.example", " 10.0.0.1",
            "10.0.0.1\u{0}", "10.0.0.0/8,nonsense", "10.0.0.0/999",
        ])
    func refused(list: String) {
        #expect(SourceAddressList(list) == nil)
    }
}
