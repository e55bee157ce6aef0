import Foundation
import Testing

/// The disk under the state folder is full while a session goes on: no statement reaches the database unrecorded.
@Suite("PostgreSQL on a full disk, end to end", .serialized)
struct PostgresFullDiskTests {
    @Test(
        "statements are refused with the reason, the session lives, and they run again when there is space",
        .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root; this machine does not let us"))
    func full() async throws {
        let server = try await PostgresServer(seed: "CREATE TABLE scratch (id int);")
        let mounted = Replaceable<SmallDisk>(nil)
        var options = TestGateway.Options(targets: server.target())
        options.policy = Ledger.policy
        options.maskingRules = Ledger.masking
        options.postgresListener = ""
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        options.upstreams = [mounted]
        options.prepare = { folder in
            mounted.value = try SmallDisk(over: folder.appendingPathComponent("state"), megabytes: 24)
        }
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let disk = try #require(mounted.value)
        let session = try PsqlSession(
            port: try #require(gateway.postgresPort), token: try await gateway.issuer.token(for: "alice"))
        var written = 0
        /// Inserts the next number; gives what psql says.
        func insert() async throws -> String {
            written += 1
            return try await session.run("INSERT INTO scratch VALUES (\(written))")
        }
        #expect(try await insert() == "INSERT 0 1\n")
        for _ in 0..<2 {
            try disk.fill()
            var answer = try await insert()
            for _ in 0..<500 where answer.hasPrefix("INSERT") {
                try disk.fill()
                answer = try await insert()
            }
            #expect(answer.contains("ERROR:  58000") && answer.contains("HINT:  Try again later"), "\(answer)")
            #expect(answer.contains("audit-unavailable") || answer.contains("recording-unavailable"), "\(answer)")
            try disk.free()
            for _ in 0..<100 where !answer.hasPrefix("INSERT") {
                try await Task.sleep(for: .milliseconds(100))
                answer = try await insert()
            }
            #expect(answer == "INSERT 0 1\n")
        }
        try await session.end()
        #expect(try await gateway.stop() == 0)
        // What the database has and what the log says ran are the same.
        let rows = try await server.psql("SELECT id FROM scratch ORDER BY id").split(separator: "\n").map(String.init)
        let ran = try await gateway.outcomes().filter { $0.kind == "succeeded" }.compactMap { outcome in
            outcome.command.firstRange(of: "VALUES (").map { range in
                String(outcome.command[range.upperBound...].prefix { $0 != ")" })
            }
        }
        #expect(rows == ran && rows.count < written, "\(rows) \(ran)")
        #expect(try await gateway.auditFault() == nil)
        disk.unmount()
    }
}

/// A `psql` that stays connected and is given one statement after another.
private final class PsqlSession: Sendable {
    private let process: ChildProcess
    private let input: Int32
    private let output: Int32

    init(port: Int, token: String) throws {
        let (stdin, stdout) = (try PipeEnds(), try PipeEnds())
        defer { for end in [stdin.reading, stdout.writing] { close(end) } }
        process = try ChildProcess(
            try Tools.system("psql"), ["-XAt", "-v", "VERBOSITY=verbose"], in: nil,
            environment: [
                "PGHOST": "127.0.0.1", "PGPORT": String(port), "PGUSER": "alice@example.com", "PGPASSWORD": token,
                "PGDATABASE": "ledger", "PGSSLMODE": "disable",
            ], input: stdin.reading, output: stdout.writing, errors: stdout.writing)
        input = stdin.writing
        output = stdout.reading
    }

    /// What psql prints for a statement, errors too.
    func run(_ statement: String) async throws -> String {
        let mark = "done-\(UUID().uuidString)"
        let text = "\(statement);\n\\echo \(mark)\n"
        try await onOwnThread { [input] in
            guard write(input, text, text.utf8.count) == text.utf8.count else { throw TestFailure("psql is gone") }
        }
        let ended = "\(mark)\n"
        return try await onOwnThread { [output] in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let text = String(decoding: bytes, as: UTF8.self)
                if let range = text.firstRange(of: ended) { return String(text[..<range.lowerBound]) }
                let count = read(output, &buffer, buffer.count)
                guard count > 0 else { throw TestFailure("psql ended: \(text)") }
                bytes += buffer[..<count]
            }
        }
    }

    func end() async throws {
        let goodbye = "\\q\n"
        _ = write(input, goodbye, goodbye.utf8.count)
        close(input)
        while process.exitStatus == nil { try await Task.sleep(for: .milliseconds(5)) }
        close(output)
    }
}
