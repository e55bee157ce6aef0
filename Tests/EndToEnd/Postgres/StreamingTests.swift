import Foundation
import Testing

/// Data that flows through a session rather than stand in one message.
@Suite("Streams of PostgreSQL, end to end", .serialized)
struct StreamingTests {
    private static let stage = Task { try await Ledger() }

    @Test("copies that fail on either side and large values end as they do directly, and none is held in memory")
    func streams() async throws {
        let ledger = try await Self.stage.value
        let before = try residentMebibytes(of: ledger, "VmHWM")
        let (direct, through) = try await ledger.both(try Tools.python(), [Tools.fixture("postgres_streams.py")])
        #expect(direct.status == 0 && direct.output.contains("large copied row: (150000000,)"), "\(direct)")
        #expect(through.output == direct.output && through.status == 0, "\(through)")
        // 150 MB went either way, and parameters of 40 MB and 400 MB, which wait on the disk until they are judged.
        let most = try residentMebibytes(of: ledger, "VmHWM")
        #expect(most - before < 100, "\(before) MiB became \(most) MiB")
    }

    @Test("a copy that never ends costs no memory, and ends with its caller")
    func endless() async throws {
        let ledger = try await Self.stage.value
        let script = """
            import psycopg
            connection = psycopg.connect(autocommit=True)
            with connection.cursor().copy("COPY scratch FROM STDIN") as copy:
                row = b"1\\tendless\\n" * 8192
                for _ in range(1500):
                    copy.write(row)
                print("still copying", flush=True)
                while True:
                    copy.write(row)
            """
        let before = try residentMebibytes(of: ledger, "VmRSS")
        let endless = try RunningProcess(try Tools.python(), ["-c", script], environment: ledger.environment)
        try await endless.says("still copying", within: 300)
        #expect(try residentMebibytes(of: ledger, "VmRSS") - before < 120)
        endless.signal(SIGKILL)
        let copying = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY scratch%' AND state = 'active'"
        try await waitUntil { try await ledger.server.psql(copying) == "0\n" }
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch WHERE note = 'endless'") == "0\n")
    }

    private func residentMebibytes(of ledger: Ledger, _ what: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(try ledger.gateway.process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(what) }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }) / 1024
    }
}
