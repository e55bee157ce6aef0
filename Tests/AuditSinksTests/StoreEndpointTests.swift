import Testing

@testable import AuditSinks

@Suite("Where an object store answers")
struct StoreEndpointTests {
    @Test(
        "what is signed is what the client says in Host: without the scheme's own port",
        arguments: [
            ("https://s3.example.com", "s3.example.com"), ("https://s3.example.com/", "s3.example.com"),
            ("https://s3.example.com:443", "s3.example.com"), ("https://s3.example.com:443/", "s3.example.com"),
            ("http://127.0.0.1:80", "127.0.0.1"), ("https://s3.example.com:80", "s3.example.com:80"),
            ("http://127.0.0.1:443", "127.0.0.1:443"), ("http://127.0.0.1:8333", "127.0.0.1:8333"),
            ("HTTPS://s3.example.com:443", "s3.example.com"), ("http://[::1]:80", "[::1]"),
            ("http://[::1]:8333", "[::1]:8333"),
        ])
    func authority(text: String, authority: String) throws {
        let endpoint = try StoreEndpoint(text)
        #expect(endpoint.authority == authority)
        // Nothing is sent that was not signed.
        #expect(endpoint.url == "\(text.lowercased().prefix { $0 != ":" })://\(authority)")
    }

    @Test(
        "what says more than where the store is, is refused",
        arguments: [
            ("https://s3.example.com/minio", "the path /minio"), ("https://s3.example.com/?a=b", "a query"),
            ("https://s3.example.com?", "a query"), ("https://id:key@s3.example.com", "a user"),
            ("https://id@s3.example.com", "a user"), ("https://s3.example.com#x", "a fragment"),
        ])
    func more(text: String, what: String) {
        #expect(throws: StoreEndpointError.hasMore(what)) { try StoreEndpoint(text) }
    }

    @Test("what is no address is refused", arguments: ["", "s3.example.com", "ftp://s3.example.com", "https://"])
    func malformed(text: String) {
        #expect(throws: StoreEndpointError.malformed) { try StoreEndpoint(text) }
    }
}
