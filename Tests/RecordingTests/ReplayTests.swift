import StrictJSON
import Testing

@testable import Recording

@Suite("Replaying a session")
struct ReplayTests {
    private func delays(_ options: Replay.Options) -> [Duration] {
        Replay.steps(SampleSession.events, options: options).map(\.delay)
    }

    @Test("steps come in the session's time, faster or shortened as asked")
    func timing() {
        #expect(
            delays(.init(longestDelay: nil)) == [.milliseconds(3), .milliseconds(247), .milliseconds(61_000)])
        #expect(delays(.init()) == [.milliseconds(3), .milliseconds(247), .seconds(3)])
        #expect(
            delays(.init(speed: 4, longestDelay: nil)) == [
                .microseconds(750), .microseconds(61_750), .milliseconds(15_250),
            ])
        #expect(delays(.init(longestDelay: nil, from: .seconds(60))) == [.zero, .zero, .milliseconds(1250)])
        #expect(delays(.init(longestDelay: nil, from: .seconds(900))) == [.zero, .zero, .zero])
    }

    @Test("an offset that goes back waits for nothing")
    func backwards() {
        let events = [1000, 500, 1500].map { RecordingEvent(offset: $0, kind: .note) }
        let steps = Replay.steps(events, options: .init(longestDelay: nil))
        #expect(steps.map(\.delay) == [.seconds(1), .zero, .milliseconds(500)])
    }

    @Test("a step reads as a person would want it")
    func text() {
        let steps = Replay.steps(SampleSession.events)
        #expect(
            steps.map(\.text) == [
                """
                [00:00.003] → POST /pay
                            → content-type: application/json
                  {"card":"************1111","note":"naïve \\"quote\\" 💳"}

                """,
                "[00:00.250] • note\n  waits for approval\n",
                "[01:01.250] ← 200\n  line\n  line\n",
            ])
        let late = RecordingEvent(offset: 7_384_005, kind: .note, body: "x", isTruncated: true)
        #expect(Replay.steps([late])[0].text == "[2:03:04.005] • note\n  x\n… (cut here when it was recorded)\n")
    }

    @Test("only what the gateway says of itself stands at the left edge")
    func leftEdge() throws {
        let forged = "[00:05.000] ▸ sql.read · allowed by dba"
        for end in ["\n", "\r\n", "\n\n", "\u{2028}", "\u{85}", "\r", "\u{b}"] {
            let text = "x\(end)\(forged)"
            let recorded = RecordingEvent(
                offset: 0, kind: .response, head: [RecordingField("status\(end)\(forged)", text)], body: text)
            let entries: [JSONValue] = [
                [
                    "kind": "intent", "time": "2026-11-23T08:00:00.000Z",
                    "command": [
                        "text": .string(text), "effects": [["action": .string(text)]],
                        "parameters": [["name": .string(text), "value": .string(text)]],
                    ],
                    "decision": ["rule": .string(text), "masks": [.string(text)]],
                ],
                [
                    "kind": "outcome", "time": "2026-11-23T08:00:00.000Z",
                    "outcome": [
                        "kind": .string(text), "status": .string(text), "reason": .string(text),
                        "masked": [["count": 1, "rule": .string(text), "selector": .string(text)]],
                    ],
                ],
                ["kind": .string(text), "time": "2026-11-23T08:00:00.000Z"],
                ["kind": "session-end", "time": "2026-11-23T08:00:00.000Z", "reason": .string(text)],
            ]
            let shown =
                try entries.map { try #require(LoggedEvent($0)).text(isRecorded: false) }
                + [Replay.steps([recorded])[0].text]
            for text in shown {
                let lines = text.unicodeScalars.split(separator: "\n").map(String.init)
                // As a terminal would show it: each of these begins a line of its own.
                #expect(
                    !text.unicodeScalars.contains { "\r\u{b}\u{85}\u{2028}".unicodeScalars.contains($0) }, "\(text)")
                #expect(!lines.contains { $0.hasPrefix("[00:05") || $0.hasPrefix("▸ sql.read · allowed") }, "\(text)")
            }
        }
    }

    @Test("recorded text cannot steer the terminal that shows it")
    func controls() {
        let event = RecordingEvent(
            offset: 0, kind: .response, head: [RecordingField("x\u{1b}", "\u{1b}[2J\r")],
            body: "a\u{1b}]0;title\u{7}\tb\u{7f}\u{9b}31m\u{202e}c\n")
        let text = Replay.steps([event])[0].text
        #expect(text == "[00:00.000] ← x␛: ␛[2J␍\n  a␛]0;title␇\tb␡\u{fffd}31m\u{fffd}c\n")
    }

    @Test(
        "recorded text cannot turn the text around it, in a head, in a body or in an entry",
        arguments: [UInt32](0x202a...0x202e) + [UInt32](0x2066...0x2069))
    func directions(_ scalar: UInt32) throws {
        let turn = String(try #require(Unicode.Scalar(scalar)))
        // What is written from right to left by itself is no control.
        let event = RecordingEvent(
            offset: 0, kind: .response, head: [RecordingField("x\(turn)", "1\(turn)")],
            body: "\u{5e9}\u{5dc}\(turn)2\n")
        #expect(
            Replay.steps([event])[0].text
                == "[00:00.000] ← x\u{fffd}: 1\u{fffd}\n  \u{5e9}\u{5dc}\u{fffd}2\n")
        let entry: JSONValue = [
            "kind": "session-end", "time": "2026-11-23T08:00:00.000Z", "reason": .string("a\(turn)b"), "commands": 1,
        ]
        #expect(
            try #require(LoggedEvent(entry)).text(isRecorded: false) == "• ended: a\u{fffd}b, 1 command\n")
    }
}
