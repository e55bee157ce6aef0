import Foundation
import Identifiers
import Testing

@testable import Recording

@Suite("Replaying a terminal")
struct TerminalReplayTests {
    private static let events: [TerminalEvent] = [
        .init(time: .milliseconds(500), action: .output("a")), .init(time: .seconds(1), action: .input("typed")),
        .init(time: .milliseconds(1500), action: .output("b")), .init(time: .seconds(60), action: .marker("m")),
        .init(time: .seconds(61), action: .output("c")), .init(time: .seconds(62), action: .exit(0)),
    ]

    private func delays(_ options: Replay.Options) -> [Duration] {
        var replay = TerminalReplay(options: options)
        return Self.events.compactMap { replay.step($0)?.delay }
    }

    @Test("output comes in its time, faster or shortened as asked, and nothing else is shown")
    func timing() {
        #expect(delays(.init(longestDelay: nil)) == [.milliseconds(500), .seconds(1), .milliseconds(59_500)])
        #expect(delays(.init(longestDelay: .seconds(2))) == [.milliseconds(500), .seconds(1), .seconds(2)])
        #expect(
            delays(.init(speed: 2, longestDelay: nil)) == [
                .milliseconds(250), .milliseconds(500), .milliseconds(29_750),
            ])
        #expect(delays(.init(longestDelay: nil, from: .seconds(60))) == [.zero, .zero, .seconds(1)])
        var replay = TerminalReplay()
        #expect(Self.events.compactMap { replay.step($0)?.text } == ["a", "b", "c"])
    }

    private func filtered(_ text: String) -> String {
        var filter = TerminalSequenceFilter()
        return filter.filter(text)
    }

    @Test(
        "what draws is passed on as it is",
        arguments: [
            "plain naïve 💳\r\n\t\u{8}\u{7}", "\u{1b}[1;38;5;200mred\u{1b}[0m", "\u{1b}[38:2::1:2:3m",
            "\u{1b}[2J\u{1b}[H\u{1b}[10;20H\u{1b}[K", "\u{1b}[?1049h\u{1b}[?25l", "\u{1b}(0lqk\u{1b}(B\u{e}\u{f}",
            "\u{1b}7\u{1b}8\u{1b}M\u{1b}#8", "\u{1b}[2;10r\u{1b}[S\u{1b}[3T", "\u{1b}[4 q\u{1b}[!p", "\u{1b}[s\u{1b}[u",
        ])
    func drawing(_ text: String) {
        #expect(Array(filtered(text).utf8) == Array(text.utf8))
        // The same where every scalar comes by itself.
        var filter = TerminalSequenceFilter()
        let pieces = text.unicodeScalars.map { filter.filter(String($0)) }
        #expect(Array(pieces.joined().utf8) == Array(text.utf8))
    }

    @Test(
        "what makes a terminal answer, or changes more than it shows, is not",
        arguments: [
            ("a\u{1b}]52;c;aGk=\u{7}b", "ab"), ("a\u{1b}]52;c;?\u{1b}\\b", "ab"), ("a\u{1b}]0;title\u{9c}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"), ("a\u{1b}]11;?\u{7}b", "ab"),
            ("a\u{1b}P$qm\u{1b}\\b", "ab"), ("a\u{1b}P1;1|17/6c73\u{1b}\\b", "ab"), ("a\u{90}+q544e\u{9c}b", "ab"),
            ("a\u{1b}_Gi=1\u{1b}\\\u{1b}^x\u{1b}\\\u{1b}Xx\u{1b}\\b", "ab"),
            ("a\u{1b}[c\u{1b}[>c\u{1b}[=c\u{1b}[0c\u{9b}cb", "ab"), ("a\u{1b}[5n\u{1b}[6n\u{1b}[?6n\u{1b}[?15nb", "ab"),
            ("a\u{1b}[?1$p\u{1b}[>q\u{1b}[?u\u{1b}[>1u\u{1b}[1;1;1;1;1;1*yb", "ab"),
            ("a\u{1b}[21t\u{1b}[8;50;200t\u{1b}[22;0t\u{1b}[>0tb", "ab"), ("a\u{1b}[x\u{1b}[1x\u{1b}[5ib", "ab"),
            ("a\u{1b}Z\u{9a}\u{5}b", "ab"), ("a\u{1b}%@b", "ab"), ("a\u{1b} Gb", "ab"), ("a\u{1b}=\u{1b}>b", "ab"),
            ("a\u{1b}[?1000h\u{1b}[?1003;1006h\u{1b}[?1004h\u{1b}[?2004h\u{1b}[?1hb", "ab"),
            ("a\u{1b}[?1000;25;1006hb", "a\u{1b}[?25hb"), ("a\u{1b}[20h\u{1b}[4hb", "a\u{1b}[4hb"),
            ("a\u{1b}[3J\u{1b}[2Jb", "a\u{1b}[2Jb"), ("a\u{1b}[1;2;3;4;5Tb", "ab"), ("a\u{1b}[>4;2mb", "ab"),
            ("a\u{1b}[?4mb", "ab"), ("a\u{1b}[1?25hb", "ab"), ("a\u{9b}31mb\u{85}", "a\u{1b}[31mb\u{1b}E"),
            // A sequence within another, one that breaks off, and one without an end.
            ("a\u{1b}[3\n1mb", "a\n\u{1b}[31mb"), ("a\u{1b}[31\u{18}mb", "amb"), ("a\u{1b}[3\u{1b}[1mb", "a\u{1b}[1mb"),
            ("a\u{1b}]0;x\u{1b}[1mb", "a\u{1b}[1mb"), ("a\u{1b}]0;x\u{1b}]52;c;x\u{7}b", "ab"),
            ("a\u{1b}]0;never ends", "a"), ("a\u{1b}[", "a"), ("a\u{1b}", "a"), ("a\u{1b}[31é6nb", "a6nb"),
            ("a\u{1b}[\(String(repeating: "1;", count: 5000))mb", "ab"),
            ("a\u{1b}[?99999999999999999999hb", "ab"), ("a\u{7f}b", "ab"),
        ])
    func answers(_ text: String, _ wanted: String) {
        #expect(Array(filtered(text).utf8) == Array(wanted.utf8))
        var filter = TerminalSequenceFilter()
        let pieces = text.unicodeScalars.map { filter.filter(String($0)) }
        #expect(Array(pieces.joined().utf8) == Array(wanted.utf8))
    }

    @Test("what comes out needs no second filter", arguments: 0..<200)
    func stable(_ seed: Int) {
        // Texts of the characters that sequences are made of, the same in every run.
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        let alphabet = Array(
            "\u{1b}\u{1b}\u{1b}[[]P?>;15;20cnhltqpumJ\\\u{7}\u{18}\u{9b}\u{9d}\u{90}\u{9c}$ !ab(0".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<400 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text.append(alphabet[Int(state >> 33) % alphabet.count])
        }
        let once = filtered(String(text))
        #expect(Array(filtered(once).utf8) == Array(once.utf8))
        for wrong in ["\u{1b}]", "\u{1b}P", "\u{90}", "\u{9d}", "\u{9b}", "\u{1b}Z"] { #expect(!once.contains(wrong)) }
        for final in "cntx" {
            #expect(once.firstMatch(of: try! Regex("\u{1b}\\[[0-9;?>]*\(final)")) == nil, "\(final)")
        }
    }

    @Test("the other screen is left at the end, where the recording did not leave it")
    func alternateScreen() {
        func leaves(_ text: String) -> Bool {
            var replay = TerminalReplay()
            _ = replay.step(TerminalEvent(time: .zero, action: .output(text)))
            return replay.end.contains("\u{1b}[?1049l")
        }
        #expect(leaves("\u{1b}[?1049hvim"))
        #expect(!leaves("\u{1b}[?1049hvim\u{1b}[?1049l"))
        #expect(!leaves("ls"))
        #expect(filtered("\u{1b}[?1049h\u{1b}c").hasSuffix("\u{1b}[H\u{1b}[2J"))
    }

    @Test("a title cannot steer the terminal either")
    func title() {
        var header = SampleTerminal.header
        header.command = "echo \u{1b}]52;c;x\u{7}\n\u{202e}\u{2066}"
        let title = TerminalReplay.title(header)
        #expect(title.hasSuffix("100x30  echo ␛]52;c;x␇ \u{fffd}\u{fffd}\n"))
        #expect(title.contains("alice@example.com → bastion"))
    }
}
