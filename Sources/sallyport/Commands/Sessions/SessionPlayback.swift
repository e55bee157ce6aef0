import Foundation
import Identifiers
import Recording
import StrictJSON

/// Shows a session on standard output, in its own time or all at once.
struct SessionPlayback {
    let session: UUIDv7
    /// What the audit log tells of it, one entry a line.
    let log: DownloadedRecording
    /// The session's own recording, where it has one.
    let own: DownloadedRecording?
    /// Whether it had one, which a rule has deleted.
    let ownWasDeleted: Bool
    let terminals: [RecordedTerminal]
    let command: UUIDv7?
    let client: ConsoleClient

    /// - Parameter begin: What was before is left out, but for what a terminal showed then.
    func play(_ playback: RecordingPlayback, from begin: ReplayMoment?) async throws {
        try await withTimeline { timeline in
            let from = begin?.offset(inSessionFrom: timeline.started) ?? .zero
            var options = playback.options
            options.from = from
            playback.show("\(title(timeline))\n\(recorded(timeline.level))\n")
            var pace = Replay.Pace(options)
            var skipped = 0
            while let moment = try timeline.next() {
                if case .terminal(let index) = moment.event {
                    try await play(terminals[index], at: moment.time, playback, options, &pace)
                    continue
                }
                guard moment.time >= from else {
                    skipped += 1
                    continue
                }
                if skipped > 0 {
                    playback.show("… (\(skipped) before this are left out)\n")
                    skipped = 0
                }
                let text = moment.text(isRecorded: isRecorded(moment, timeline)) ?? ""
                try await playback.play(Replay.Step(delay: pace.delay(until: moment.time), text: text))
            }
            if skipped > 0 { playback.show("… (nothing happened after that; \(skipped) before it are left out)\n") }
        }
    }

    /// One JSON object a line: what there is of the session, and then all of it in its order.
    func printLines(from begin: ReplayMoment?) async throws {
        try await withTimeline { timeline in
            let from = begin?.offset(inSessionFrom: timeline.started) ?? .zero
            var writer = LineWriter()
            let start = timeline.start?.entry
            try writer.write(
                JSONValue.object([
                    JSONMember("session", .string(session.description)),
                    JSONMember("caller", start?["caller"] ?? .null), JSONMember("target", start?["target"] ?? .null),
                    JSONMember("started", .string(timeline.started.description)),
                    JSONMember("recorded", .string(ownWasDeleted ? "deleted" : timeline.level.word)),
                ]).canonicalBytes)
            func write(_ time: Duration, _ members: [JSONMember]) throws {
                guard time >= from else { return }
                let line = [JSONMember("at_us", .number(String(time.wholeMicroseconds)))] + members
                try writer.write(JSONValue.object(line).canonicalBytes)
            }
            while let moment = try timeline.next() {
                switch moment.event {
                case .logged(let event): try write(moment.time, [JSONMember("entry", event.entry)])
                case .recorded(let event): try write(moment.time, [JSONMember("recorded", event.json)])
                case .terminal(let index):
                    let terminal = terminals[index]
                    let recording = try await DownloadedRecording(terminal.path, client: client)
                    try await recording.withPath { path in
                        var reader = try TerminalRecordingReader(path: path)
                        while let event = try reader.next() {
                            try write(
                                moment.time + event.time,
                                [
                                    JSONMember("command", .string(terminal.command.description)),
                                    JSONMember("terminal", event.json),
                                ])
                        }
                    }
                }
            }
            try writer.flush()
        }
    }

    private func isRecorded(_ moment: SessionTimeline.Moment, _ timeline: SessionTimeline) -> Bool {
        guard case .logged(let event) = moment.event else { return false }
        return timeline.shows(event.commandID)
    }

    /// Which session, whose, where, and since when.
    private func title(_ timeline: SessionTimeline) -> String {
        var parts = ["session \(session)"]
        if let start = timeline.start?.entry, let target = start["target"] {
            parts.append("\(start.party("caller")) → \(target.text("name")) (\(target.text("kind")))")
        }
        return (parts + ["started \(timeline.started)"]).joined(separator: "  ")
    }

    private func recorded(_ level: SessionTimeline.Level) -> String {
        switch level {
        case .none where ownWasDeleted, .nothingRan where ownWasDeleted:
            "recorded: deleted since; this is told from the audit log"
        case .nothingRan: "recorded: nothing, as no command ran; this is told from the audit log"
        case .none: "recorded: nothing beside the audit log (@record(\"none\")), which this is told from"
        case .metadata: "recorded: commands and sizes (@record(\"metadata\")); the rest is told from the audit log"
        case .full:
            "recorded: commands and answers (@record(\"full\"))"
                + (terminals.isEmpty ? "" : ", \(terminals.count) terminal\(terminals.count == 1 ? "" : "s")")
        }
    }

    private func withTimeline(_ use: (SessionTimeline) async throws -> Void) async throws {
        let starts = terminals.map {
            Timestamp($0.json.text("started")) ?? Timestamp(milliseconds: session.milliseconds)
        }
        try await log.withPath { log in
            guard let own else {
                return try await use(
                    try SessionTimeline(
                        session: session, log: log, recording: nil, terminals: starts, of: command))
            }
            try await own.withPath { recording in
                try await use(
                    try SessionTimeline(
                        session: session, log: log, recording: recording, terminals: starts, of: command))
            }
        }
    }

    /// Plays a terminal from its beginning; what it showed before the time that is asked for appears at once.
    private func play(
        _ terminal: RecordedTerminal, at start: Duration, _ playback: RecordingPlayback, _ options: Replay.Options,
        _ pace: inout Replay.Pace
    ) async throws {
        let recording = try await DownloadedRecording(terminal.path, client: client)
        try await recording.withPath { path in
            var end = Duration.zero
            var reader = try TerminalRecordingReader(path: path)
            while let event = try reader.next() { end = max(end, event.time) }
            guard options.from == .zero || start + end >= options.from else { return }
            var own = options
            own.from = max(.zero, options.from - start)
            // What came before the terminal keeps its time.
            if playback.isPaced { try await Task.sleep(for: pace.delay(until: start)) }
            try await RecordingPlayback(options: own, isPaced: playback.isPaced).play(terminal: path)
            _ = pace.delay(until: start + end)
        }
    }
}

extension SessionTimeline.Level {
    /// As `@record` calls it.
    fileprivate var word: String {
        switch self {
        case .none, .nothingRan: "none"
        case .metadata: "metadata"
        case .full: "full"
        }
    }
}

extension RecordingEvent {
    fileprivate var json: JSONValue {
        var members = [
            JSONMember("kind", .string(kind.rawValue)),
            JSONMember("head", .array(head.map { [.string($0.name), .string($0.value)] })),
            JSONMember("body", .string(body)), JSONMember("truncated", .bool(isTruncated)),
        ]
        if let commandID { members.append(JSONMember("command", .string(commandID.description))) }
        return .object(members)
    }
}

extension TerminalEvent {
    /// The event's code and data, as asciicast v3 has them.
    fileprivate var json: JSONValue {
        switch action {
        case .output(let text): ["o", .string(text)]
        case .input(let text): ["i", .string(text)]
        case .resize(let size): ["r", .string("\(size)")]
        case .marker(let text): ["m", .string(text)]
        case .exit(let status): ["x", .string(String(status))]
        }
    }
}
