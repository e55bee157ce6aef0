import NIOCore
import Testing

@testable import SSHExec

@Suite("Failed attempts by network")
struct FailureLimiterTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let network = ClientNetwork("192.0.2.1")

    @Test("failures count for a minute and no longer")
    func minute() {
        let limiter = FailureLimiter(at: start)
        for second in 0..<30 { limiter.failed(network, at: start + .seconds(Int64(second))) }
        #expect(limiter.failures(of: network, at: start + .seconds(30)) == 30)
        #expect(limiter.failures(of: ClientNetwork("192.0.2.2"), at: start + .seconds(30)) == 0)
        #expect(limiter.failures(of: network, at: start + .seconds(59)) == 30)
        // Of a minute that is over, what lies within the last sixty seconds, as if it had been spread evenly.
        #expect(limiter.failures(of: network, at: start + .seconds(90)) == 15)
        #expect(limiter.failures(of: network, at: start + .seconds(120)) == 0)
    }

    @Test("a burst at the border of two minutes counts whole right after it")
    func border() {
        let limiter = FailureLimiter(at: start)
        for _ in 0..<10 { limiter.failed(network, at: start + .milliseconds(59_999)) }
        #expect(limiter.failed(network, at: start + .seconds(60)) == 11)
    }

    @Test("after a long silence nothing counts, and counting begins anew")
    func silence() {
        let limiter = FailureLimiter(at: start)
        limiter.failed(network, at: start)
        #expect(limiter.failures(of: network, at: start + .hours(5)) == 0)
        #expect(limiter.failed(network, at: start + .hours(5)) == 1)
        #expect(limiter.failures(of: network, at: start + .hours(5) + .seconds(59)) == 1)
    }

    @Test("a great many networks are no great many steps each, and the last ones stay known")
    func many() {
        let limiter = FailureLimiter(at: start)
        let begun = ContinuousClock.now
        for number in 0..<250_000 { limiter.failed(.address("\(number)"), at: start) }
        // Where each failure looked at all networks, this took hours.
        #expect(ContinuousClock.now - begun < .seconds(60))
        #expect(limiter.failures(of: .address("249999"), at: start) == 1)
        #expect(limiter.failures(of: .address("150000"), at: start) == 1)
    }
}

@Suite("Networks of clients")
struct ClientNetworkTests {
    @Test(
        "one IPv6 network of 64 bits is one, however many addresses it is written with",
        arguments: [
            ("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", true), ("fe80::1%eth0", "fe80::2%eth1", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false), ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false), ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("unknown", "unknown", true),
            // Eight bytes that spell an address.
            ("3130:2e31:2e31:2e31::", "10.1.1.1", false),
        ])
    func equality(one: String, other: String, isSame: Bool) {
        #expect((ClientNetwork(one) == ClientNetwork(other)) == isSame)
    }
}

@Suite("Sign-ins in a browser by network")
struct BrowserSignInsTests {
    @Test("a network has as many as it may, and one more for each that is left or let go")
    func places() throws {
        let places = BrowserSignIns()
        let (here, there) = (ClientNetwork("192.0.2.1"), ClientNetwork("2001:db8::1"))
        let first = try #require(places.take(here, most: 2))
        var second = places.take(here, most: 2)
        #expect(second != nil && places.take(here, most: 2) == nil)
        #expect(places.take(there, most: 2) != nil)
        first.leave()
        first.leave()
        let third = places.take(here, most: 2)
        #expect(third != nil && places.take(here, most: 2) == nil)
        second = nil
        #expect(places.take(here, most: 2) != nil)
        withExtendedLifetime((second, third)) {}
    }
}
