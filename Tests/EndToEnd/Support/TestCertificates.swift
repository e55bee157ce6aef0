import Foundation

/// An authority and the certificates that it signed, made by `openssl` in a folder that goes away with it.
final class TestCertificates: Sendable {
    let folder: URL

    /// Besides `ca.pem`: `NAME.pem` and `NAME.key` for `gateway` and `function` (127.0.0.1 and localhost), `named`
    /// (localhost alone), `other` (another host's), `wildcard` (`*.functions.example`), `unnamed` (its common name alone), and
    /// `client`, signed by the authority; `stranger` (127.0.0.1 and
    /// localhost) is signed by itself.
    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Leftovers.add(folder: folder)
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem")
        let here = "subjectAltName=IP:127.0.0.1,DNS:localhost"
        try await issue("gateway", here)
        try await issue("function", here)
        try await issue("named", "subjectAltName=DNS:localhost")
        try await issue("other", "subjectAltName=DNS:other.example")
        try await issue("wildcard", "subjectAltName=DNS:*.functions.example")
        try await issue("unnamed", "keyUsage=digitalSignature")
        try await issue("client", "subjectAltName=DNS:gateway.example")
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Stranger", "-addext", here, "-keyout", "stranger.key", "-out", "stranger.pem")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func issue(_ name: String, _ alternatives: String) async throws {
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=\(name)", "-addext", alternatives, "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem",
            "-CAkey", "ca.key", "-keyout", "\(name).key", "-out", "\(name).pem")
    }

    private func openssl(_ arguments: String...) async throws {
        let finished = try await RunningProcess.run(try Tools.system("openssl"), arguments, in: folder)
        guard finished.status == 0 else { throw TestFailure("openssl \(arguments): \(finished.errors)") }
    }
}
