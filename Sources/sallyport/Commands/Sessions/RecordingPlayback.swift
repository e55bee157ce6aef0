import Foundation
import Recording

/// Writes a recording to standard output, as it was or all at once.
struct RecordingPlayback {
    let options: Replay.Options
    let isPaced: Bool

    func play(terminal path: String) async throws {
        var reader = try TerminalRecordingReader(path: path)
        var replay = TerminalReplay(options: options)
        show(TerminalReplay.title(reader.header))
        defer { finish(replay) }
        while let event = try reader.next() {
            if let step = replay.step(event) { try await play(step) }
        }
    }

    /// Ends what was shown of a terminal: the next thing begins on a line and a screen of its own.
    func finish(_ replay: TerminalReplay) { show("\(Terminal.output.isInteractive ? replay.end : "")\n") }

    func play(_ step: Replay.Step) async throws {
        if isPaced, step.delay > .zero { try await Task.sleep(for: step.delay) }
        show(step.text)
    }

    func show(_ text: String) { print(text, terminator: "") }
}
