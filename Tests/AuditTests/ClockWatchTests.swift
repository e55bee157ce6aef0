import Identifiers
import Logging
import ServiceLifecycle
import StrictJSON
import Testing

@testable import Audit

@Suite("The clock")
struct ClockWatchTests {
    @Test(
        "only a step of the wall clock is told, with its size and direction",
        arguments: [
            (10_000, 10_000, nil), (10_000, 10_900, nil), (10_000, 9_100, nil), (0, -3_600_000, -3_600_000),
            (10_000, 0, -10_000), (10_000, 3_610_000, 3_600_000), (200, -801, -1001), (86_400_000, 86_400_000, nil),
        ] as [(Int64, Int64, Int64?)])
    func steps(elapsed: Int64, wall: Int64, step: Int64?) {
        let start = ContinuousClock.now
        let noon = Timestamp(milliseconds: 1_700_000_000_000)
        var watch = ClockWatch(wall: noon, steady: start)
        let found = watch.observe(
            wall: Timestamp(milliseconds: UInt64(1_700_000_000_000 + wall)), steady: start + .milliseconds(elapsed))
        #expect(found?.milliseconds == step)
        // Told once: the clock is taken from there on.
        let next = Timestamp(milliseconds: UInt64(1_700_000_000_000 + wall + 50))
        #expect(watch.observe(wall: next, steady: start + .milliseconds(elapsed + 50)) == nil)
    }

    @Test("a log whose clock went back goes on, says so at the first round, and stays whole")
    func wentBack() async throws {
        let folder = try TemporaryFolder()
        let future = Timestamp.now.adding(.seconds(7200))
        do {
            let log = try AuditLog(Sample.options(folder.log))
            try log.append(LogEntry.bytes(kind: "stop", time: future, []))
            try log.integrateNow()
        }
        var options = Sample.options(folder.log)
        options.integrationInterval = .milliseconds(20)
        let log = try AuditLog(options)
        let group = ServiceGroup(services: [log], logger: options.logger)
        let running = Task { try await group.run() }
        while log.checkpoint().treeSize < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await group.triggerGracefulShutdown()
        try await running.value

        let entries = try AuditReader(directory: folder.log).all()
        #expect(entries.map(\.kind) == ["stop", "clock-step"] && entries.map(\.index) == [0, 1])
        #expect((entries[1].time ?? "") < (entries[0].time ?? ""))
        let told = try JSONValue(parsing: entries[1].bytes)
        #expect(told["expected"]?.string == future.description && told["while"]?.string == "stopped")
        // But for what the steps before took, on a busy machine.
        #expect((told["milliseconds"]?.integer ?? 0) < -7_000_000)
        #expect(try AuditVerifier.verify(directory: folder.log, vkey: try folder.vkey()).isValid)
    }
}
