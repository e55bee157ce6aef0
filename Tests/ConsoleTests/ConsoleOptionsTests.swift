import Testing

@testable import Console

@Suite("ConsoleOptions")
struct ConsoleOptionsTests {
    private func fault(_ change: (inout ConsoleOptions) -> Void) -> ConsoleError? {
        var options = ConsoleOptions(port: 0)
        change(&options)
        do throws(ConsoleError) {
            try options.check()
            return nil
        } catch {
            return error
        }
    }

    @Test("without encryption it listens on loopback alone", arguments: ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    func loopback(host: String) {
        #expect(fault { $0.host = host } == nil)
    }

    @Test(
        "elsewhere it wants a certificate, or a proxy that encrypts",
        arguments: ["0.0.0.0", "::", "10.0.0.1", "gate.example"])
    func elsewhere(host: String) {
        #expect(fault { $0.host = host } == .notEncrypted(host))
        #expect(
            fault {
                $0.host = host
                $0.isBehindTLSProxy = true
            } == .notEncrypted(host))
        #expect(
            fault {
                $0.host = host
                $0.isBehindTLSProxy = true
                $0.url = "http://gate.example"
            } == .notEncrypted(host))
        #expect(
            fault {
                $0.host = host
                $0.isBehindTLSProxy = true
                $0.url = "https://gate.example"
            } == nil)
        #expect(
            fault {
                $0.host = host
                $0.tls = .clientDefault
            } == nil)
    }

    @Test(
        "its address is an origin and nothing more",
        arguments: [
            "https://gate.example/", "https://gate.example/console", "gate.example", "https://", "https://a b",
            "ftp://x", "",
        ])
    func badURL(url: String) {
        #expect(fault { $0.url = url } == .badURL(url))
    }
}
