import Foundation
import Identifiers
import Masking
import Testing

@testable import Originals

@Suite("Check of sealed originals against the log")
struct OriginalsCheckTests {
    private static let commands = (1...3).map { UUIDv7(milliseconds: 1_764_000_000_000 + $0) }

    /// A session of three commands with a chunk each, and what the log says of it.
    private static func stage() throws -> (workshop: Workshop, logged: [LoggedOriginals]) {
        let workshop = Workshop()
        let sealer = try workshop.sealer()
        let logged = try commands.enumerated().map { index, command in
            var logged = LoggedOriginals(command: command)
            logged.chunks = try workshop.seal(
                Array(repeating: "536-22-000\(index)", count: index + 1), of: command, by: sealer)
            logged.isOver = true
            logged.masked = [
                MaskCount(rule: "pii/field ssn", selector: "field ssn", count: index + 1),
                MaskCount(rule: "upstream-credential", selector: "credential", count: 1),
            ]
            logged.file = sealer.path
            logged.head = sealer.headDigest
            return logged
        }
        return (workshop, logged)
    }

    private static func findings(_ workshop: Workshop, _ logged: [LoggedOriginals]) -> [String] {
        let name = OriginalsStore.path(session: workshop.session, part: 1)
        return OriginalsCheck(logged, of: workshop.session, at: workshop.place)
            .findings.map {
                commands.enumerated().reduce("\($0)".replacing(name, with: "F")) { text, command in
                    text.replacing("\(command.element)", with: "C\(command.offset)")
                }
            }
    }

    @Test("what agrees has no findings, and tells counts by rule and place")
    func good() throws {
        let (workshop, logged) = try Self.stage()
        let check = OriginalsCheck(
            logged, of: workshop.session, at: workshop.place)
        #expect(check.findings.isEmpty && check.notes.isEmpty && check.chunksChecked == 3)
        let field = OriginalsField(name: "$.ssn", rule: "pii/field ssn", selector: "field ssn", encoding: .text)
        #expect(
            check.sealed == [Self.commands[0]: [field: 1], Self.commands[1]: [field: 2], Self.commands[2]: [field: 3]])
    }

    @Test("what was deleted under a rule is told as not checked")
    func deleted() throws {
        let (workshop, logged) = try Self.stage()
        try FileManager.default.removeItem(atPath: workshop.path())
        let sentence = "deleted on Monday under the rule r"
        let check = OriginalsCheck(logged, of: workshop.session, at: workshop.place) { _ in sentence }
        #expect(check.findings.isEmpty && check.chunksChecked == 0)
        // Credentials that a function echoed are nobody's originals.
        #expect(check.unchecked.values == 6 && check.unchecked.commands == 3 && check.deletions == [sentence])
        let whole = try Self.stage()
        let checked = OriginalsCheck(whole.logged, of: whole.workshop.session, at: whole.workshop.place) { _ in
            sentence
        }
        #expect(checked.unchecked.commands == 0 && checked.deletions.isEmpty)
    }

    @Test("counts that no gateway writes end no check")
    func hugeCounts() throws {
        let (workshop, stage) = try Self.stage()
        var logged = stage
        let most = MaskCount(rule: "pii/field ssn", selector: "field ssn", count: .max)
        logged[0].masked = [most, most]
        #expect(
            Self.findings(workshop, logged) == [
                "of command C0, pii/field ssn (field ssn) masked \(Int.max) values and 1 are sealed"
            ])
        logged[0].file = nil
        let check = OriginalsCheck(logged, of: workshop.session, at: workshop.place)
        #expect(check.notes.contains { $0.contains("masked \(Int.max) values and kept none of them") })
    }

    @Test("each attack is named by its chunk")
    func attacks() throws {
        let (workshop, logged) = try Self.stage()
        let frames = try workshop.frames()
        func found(_ bytes: [UInt8]) throws -> [String] {
            try workshop.replace(bytes)
            return Self.findings(workshop, logged)
        }
        let counts = { (command: Int) in
            "of command C\(command), pii/field ssn (field ssn) masked \(command + 1) values and 0 are sealed"
        }
        // Any byte of the second chunk but those of its lengths.
        for offset in [10, frames[2].count - 1] {
            var changed = frames
            changed[2][offset] ^= 1
            #expect(
                try found(changed.flatMap { $0 }) == ["chunk 1 of F (command C1) was changed", counts(1)], "\(offset)")
        }
        #expect(
            try found(frames[0] + frames[1] + frames[3]) == ["chunk 1 of F (command C1) is missing", counts(1)])
        #expect(
            try found(frames[0] + frames[1] + frames[2]) == ["chunk 2 of F (command C2) is missing", counts(2)])
        #expect(
            try found(frames[0] + frames[1] + frames[3] + frames[2])
                == ["chunk 1 of F (command C1) was moved behind chunk 2"])
        #expect(
            try found(frames[0] + frames[1] + frames[2] + frames[3].prefix(30))
                == ["chunk 2 of F (command C2) is missing", counts(2)])
        var head = frames
        head[0][head[0].count - 1] ^= 1
        #expect(
            try found(head.flatMap { $0 })
                == ["the first frame of F was changed, so that nothing in it can be opened"])
        // A chunk that nobody logged, from a session of its own.
        let other = try workshop.sealer(session: UUIDv7(milliseconds: 1_764_000_100_000))
        _ = try workshop.seal(["x"], of: Self.commands[0], by: other)
        let foreign = Array(try Data(contentsOf: URL(fileURLWithPath: "\(workshop.directory)/\(other.path)")))
        let start = SealedFormatProbe.firstFrameLength(foreign)
        #expect(
            try found(frames.flatMap { $0 } + foreign[start...])
                == ["the chunk at place 3 of F is none that the log names"])
        try FileManager.default.removeItem(atPath: workshop.path())
        #expect(Self.findings(workshop, logged).first == "the file F is missing")
    }

    @Test("a value that a rule masked and nobody sealed is missed, and one too many told")
    func counts() throws {
        let (workshop, logged) = try Self.stage()
        var changed = logged
        changed[0].masked = [MaskCount(rule: "pii/field ssn", selector: "field ssn", count: 2)]
        changed[1].masked = []
        #expect(
            Self.findings(workshop, changed) == [
                "of command C0, pii/field ssn (field ssn) masked 2 values and 1 are sealed",
                "of command C1, pii/field ssn (field ssn) masked 0 values and 2 are sealed",
            ])
    }

    @Test("a killed gateway leaves a torn end and chunks of commands without an outcome, which are no contradiction")
    func killed() throws {
        let (workshop, logged) = try Self.stage()
        var running = Array(logged.prefix(2))
        var last = LoggedOriginals(command: Self.commands[2])
        last.isOver = false
        running.append(last)
        try workshop.replace(try workshop.contents() + [0, 0, 1, 0, 7])
        let check = OriginalsCheck(
            running, of: workshop.session, at: workshop.place)
        #expect(check.findings.isEmpty, "\(check.findings)")
        #expect(check.notes.count == 2 && check.notes[0].contains("\(Self.commands[2])"), "\(check.notes)")
        #expect(check.notes[1].contains("ends within a chunk"))
    }
}

private enum SealedFormatProbe {
    static func firstFrameLength(_ bytes: [UInt8]) -> Int {
        func length(_ start: Int) -> Int { bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let header = length(0)
        return 8 + header + length(4 + header)
    }
}
