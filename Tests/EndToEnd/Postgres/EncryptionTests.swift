import Foundation
import Testing

/// TLS on both sides: what clients negotiate with the gateway, and what libpq negotiates for it with the database.
@Suite("PostgreSQL over TLS", .serialized)
struct EncryptionTests {
    private static let stage = Task {
        let certificates = try await TestCertificates()
        let listener = """
            , plaintext: refuse, tls: {certificate: "\(certificates.path("gateway.pem"))", key: "file:\(certificates.path("gateway.key"))"}
            """
        let policy = Ledger.policy.replacing("when { context.opaque }", with: "when { false }")
        return (try await Ledger(policy: policy, listener: listener, certificates: certificates), certificates)
    }

    private func environment(_ more: [String: String] = [:]) async throws -> [String: String] {
        let (ledger, certificates) = try await Self.stage.value
        return ledger.environment.merging(
            ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": certificates.path("ca.pem")].merging(more) { $1 }
        ) { $1 }
    }

    @Test("a session over TLS on both sides, the gateway's with channel binding, is like a direct one")
    func bothSides() async throws {
        let (ledger, _) = try await Self.stage.value
        let arguments = [Tools.fixture("postgres_values.py"), "psycopg-binary"]
        let direct = try await RunningProcess.run(
            try Tools.python(), arguments, environment: ledger.server.environment())
        let through = try await RunningProcess.run(try Tools.python(), arguments, environment: try await environment())
        #expect(direct.status == 0 && through.output == direct.output && through.errors == direct.errors)
        let encrypted = try await RunningProcess.run(
            try Tools.system("psql"),
            ["-XqAt", "-c", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"],
            environment: try await environment())
        #expect(encrypted.output == "t|TLSv1.3\n", "\(encrypted)")
    }

    @Test("a long result comes through whole, and a large one goes in")
    func bulk() async throws {
        let (ledger, _) = try await Self.stage.value
        let text = "SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 100000) i"
        let psql = try Tools.system("psql")
        let direct = try await RunningProcess.run(
            psql, ["-XqAt", "-c", text], environment: ledger.server.environment(), within: 60)
        let through = try await RunningProcess.run(
            psql, ["-XqAt", "-c", text], environment: try await environment(), within: 60)
        #expect(direct.output.utf8.count > 20_000_000 && through.output == direct.output)
        let copied = try await RunningProcess.run(
            psql,
            [
                "-XqAt", "-c", "CREATE TEMP TABLE t (i int, x text)", "-c", "\\copy t FROM STDIN (DELIMITER '|')", "-c",
                "SELECT count(*), sum(length(x)) FROM t",
            ],
            environment: try await environment(), input: direct.output, within: 60)
        #expect(copied.output == "100000|25600000\n", "\(copied.errors)")
    }

    @Test("TLS from the first byte, as PostgreSQL 17 has it, needs its ALPN")
    func directTLS() async throws {
        let (ledger, certificates) = try await Self.stage.value
        let port = try #require(ledger.gateway.postgresPort)
        let script = """
            import psycopg
            with psycopg.connect(sslnegotiation="direct") as connection:
                print(connection.execute("SELECT 'direct'").fetchone()[0])
            """
        let direct = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: try await environment())
        #expect(direct.output == "direct\n", "\(direct)")
        for protocols in [[], ["-alpn", "http/1.1"]] {
            let other = try await RunningProcess.run(
                try Tools.system("openssl"),
                ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", certificates.path("ca.pem"), "-quiet"]
                    + protocols,
                input: "")
            #expect(!other.output.contains("S") && other.status >= 0)
        }
    }

    @Test("what was sent in clear before the handshake is not taken for what was sent after it")
    func injected() async throws {
        let (ledger, _) = try await Self.stage.value
        // SSLRequest, and in the same segment a startup packet (CVE-2021-23214).
        let request: [UInt8] = [0, 0, 0, 8, 4, 210, 22, 47]
        let startup = Array("\0\0\0\u{20}\0\u{3}\0\0user\0mallory\0database\0x\0\0".utf8)
        let answer = try await RawSocket.exchange(
            request + startup, port: try #require(ledger.gateway.postgresPort), patience: 2)
        #expect(!answer.contains("R\0") && !answer.contains("mallory"), "\(answer)")
    }

    @Test("plain sign-in is refused where the listener has TLS")
    func plain() async throws {
        let refused = try await RunningProcess.run(
            try Tools.system("psql"), ["-XAt", "-c", "SELECT 1"],
            environment: try await environment(["PGSSLMODE": "disable"]))
        #expect(refused.status == 2 && refused.errors.contains("SSL"), "\(refused)")
    }

    @Test("a database that cannot prove who it is gets no session")
    func impostor() async throws {
        let certificates = try await TestCertificates()
        let ledger = try await Ledger(listener: "", certificates: certificates, trusting: "stranger.pem")
        let refused = try await ledger.psql("SELECT 1")
        #expect(refused.status == 2 && refused.errors.contains("certificate verify failed"), "\(refused)")
    }
}
