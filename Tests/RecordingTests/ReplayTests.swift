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
                "[00:00.250] • note\nwaits for approval\n",
                "[01:01.250] ← 200\nline\nline\n",
            ])
        let late = RecordingEvent(offset: 7_384_005, kind: .note, body: "x", isTruncated: true)
        #expect(Replay.steps([late])[0].text == "[2:03:04.005] • note\nx\n… (cut here when it was recorded)\n")
        #expect(
            Replay.title(SampleSession.header).contains("alice@example.com → payments (http)  started 2025-11-23T"))
    }

    @Test("recorded text cannot steer the terminal that shows it")
    func controls() {
        let event = RecordingEvent(
            offset: 0, kind: .response, head: [RecordingField("x\u{1b}", "\u{1b}[2J\r")],
            body: "a\u{1b}]0;title\u{7}\tb\u{7f}\u{9b}31m\u{202e}c\n")
        let text = Replay.steps([event])[0].text
        #expect(text == "[00:00.000] ← x␛: ␛[2J␍\na␛]0;title␇\tb␡\u{fffd}31m\u{fffd}c\n")
    }
}
