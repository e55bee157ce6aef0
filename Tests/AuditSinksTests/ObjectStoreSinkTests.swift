import Audit
import Foundation
import Identifiers
import NIOHTTP1
import Testing

@testable import AuditSinks

@Suite("Copies of the log in a bucket", .timeLimit(.minutes(5)))
struct ObjectStoreSinkTests {
    private static let session = "01a21650-0d0d-7ec8-b7df-e5a312f7356f"
    private static let command = "01a21650-0d0e-7252-9fcf-e1c25720e7f4"
    /// By the day and the session that they are of.
    private static let terminal = "2026-11-26/\(session)/\(command).cast"
    private static let own = "2026-11-26/\(session).jsonl"

    /// A session whose one command had a terminal.
    ///
    /// - Returns: Its recordings by their paths.
    private func appendSession(to log: DeliveredLog) throws -> [String: String] {
        let (terminal, own) = ("{\"version\":3}\n", "{\"event\":\"response\"}\n")
        let terminalDigest = try log.record(Self.terminal, terminal)
        let ownDigest = try log.record(Self.own, own)
        let outcome = """
            {"command":"\(Self.command)","id":"01a21650-0d1f-780e-8b54-7ead96c01a85","kind":"outcome",\
            "outcome":{"details":{"recording_sha256":"\(terminalDigest)"},"kind":"succeeded"},\
            "session":"\(Self.session)","time":"2026-11-26T05:24:34.719Z","v":1}
            """
        let end = """
            {"commands":1,"id":"01a21650-0d21-7c53-b605-126394da9420","kind":"session-end",\
            "reason":"the caller disconnected","recording":{"events":1,"sha256":"\(ownDigest)"},\
            "session":"\(Self.session)","time":"2026-11-26T05:24:34.721Z","v":1}
            """
        try log.append([outcome, end])
        return [Self.terminal: terminal, Self.own: own]
    }

    @Test("recordings of sessions and of terminals come with the entries that tell of them, as they were written")
    func recordings() async throws {
        let log = try DeliveredLog()
        let written = try appendSession(to: log)
        let bucket = try await LockedBucket()
        let sink = try bucket.sink(log)
        #expect(try await sink.deliver(from: 0, of: log.reader) == 2)
        try await bucket.stop()
        let copied = bucket.objects.filter { $0.key.hasPrefix("recordings/") }
        #expect(copied.count == written.count, "\(copied.keys.sorted())")
        for (path, text) in written { #expect(copied["recordings/\(path)"] == Array(text.utf8), "\(path)") }
    }

    @Test("every object is locked for as long as is configured")
    func lock() async throws {
        let log = try DeliveredLog()
        _ = try appendSession(to: log)
        let bucket = try await LockedBucket()
        let retention = Duration.seconds(7 * 86_400)
        let sink = try bucket.sink(log, retention: retention)
        let earliest = Timestamp.now.adding(retention)
        #expect(try await sink.deliver(from: 0, of: log.reader) == 2)
        let latest = Timestamp.now.adding(retention)
        try await bucket.stop()
        // Entries and their hashes, both recordings, and the checkpoint under both of its names.
        #expect(bucket.puts.count == 6, "\(bucket.puts.map(\.key))")
        for put in bucket.puts {
            #expect(put.fields["x-amz-object-lock-mode"] == ["COMPLIANCE"], "\(put.key)")
            let field = put.fields.first(name: "x-amz-object-lock-retain-until-date")
            let until = try #require(field.flatMap { Timestamp($0) }, "\(put.key)")
            #expect(earliest <= until && until <= latest, "\(put.key) until \(until)")
        }
    }

    @Test("whichever object a store refuses, the next attempt puts it and what comes after, and the others not again")
    func refused() async throws {
        let log = try DeliveredLog()
        try log.append(DeliveredLog.entries(0..<300))
        _ = try appendSession(to: log)
        let untroubled = try await LockedBucket()
        #expect(try await untroubled.sink(log).deliver(from: 0, of: log.reader) == 302)
        try await untroubled.stop()
        let whole = untroubled.objects
        // Two whole tiles, three partial ones, both recordings, and the checkpoint under both of its names.
        #expect(untroubled.puts.count == 9, "\(whole.keys.sorted())")

        for (number, put) in untroubled.puts.enumerated() {
            let bucket = try await LockedBucket(refusing: number)
            let sink = try bucket.sink(log)
            await #expect(throws: SinkError.self, "\(put.key)") { try await sink.deliver(from: 0, of: log.reader) }
            #expect(try await sink.deliver(from: 0, of: log.reader) == 302)
            try await bucket.stop()
            let isWhole = bucket.objects == whole
            #expect(isWhole, "\(put.key) was refused, and there are \(bucket.objects.keys.sorted())")
            // Nobody can delete a second copy. A checkpoint is small, and goes out under both names or none.
            let keys = bucket.puts.map(\.key).filter { !$0.hasPrefix("checkpoint") }
            #expect(Set(keys).count == keys.count, "\(put.key) was refused: \(keys)")
        }
    }

    /// Has a witness cosign the log as it stands, and keeps its word beside the log, as the gateway does.
    private func cosign(
        _ checkpoint: SignedCheckpoint, after size: UInt64, by witness: Witness, of log: DeliveredLog
    ) throws {
        let request = try log.reader.consistency(from: size, to: checkpoint).bytes
        let answer = witness.addCheckpoint(request, time: 1_795_680_000)
        try #require(answer.status == 200, "\(answer)")
        let note = try SignedNote(parsing: Array("\(checkpoint.note.text)\n\(answer.body)".utf8))
        try WitnessedCheckpoint(directory: log.directory).store(checkpoint, with: note.signatures)
    }

    @Test("the copy verifies between any two objects, also where witnesses have seen more of the log than it has")
    func witnesses() async throws {
        let log = try DeliveredLog()
        let key = log.log.verifierKey
        let witness = try Witness(directory: "\(log.folder)/witness", name: "witness.example/w1", logs: [key])
        let bucket = try await LockedBucket()
        let sink = try bucket.sink(log)
        var position: UInt64 = 0
        // Each time the witness has cosigned what the bucket has not.
        for size in [3, 5, 9] as [UInt64] {
            let checkpoint = try log.append(DeliveredLog.entries(Int(position)..<Int(size)))
            try cosign(checkpoint, after: position, by: witness, of: log)
            position = try await sink.deliver(from: position, of: log.reader)
            #expect(position == size)
        }
        // A round without entries is for what was said of those before.
        #expect(try await sink.deliver(from: position, of: log.reader) == position)
        try await bucket.stop()

        let copy = "\(log.folder)/copy"
        var report: VerificationReport?
        var witnessed: [UInt64] = []
        for put in bucket.puts {
            let file = URL(fileURLWithPath: "\(copy)/\(put.key)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(put.bytes).write(to: file)
            if put.key == "checkpoint.witnessed" {
                witnessed.append(try SignedCheckpoint(parsing: put.bytes).treeSize)
            }
            guard FileManager.default.fileExists(atPath: "\(copy)/checkpoint") else { continue }
            let found = try AuditVerifier.verify(
                directory: copy, under: TrustPolicy(key: key, witnesses: witnessed.isEmpty ? [] : [witness.key]))
            #expect(found.isValid, "behind \(put.key): \(found.findings)")
            report = found
        }
        #expect(witnessed == [3, 5, 9])
        #expect(report?.treeSize == 9 && report?.witnessedEntries == 9)
    }
}
