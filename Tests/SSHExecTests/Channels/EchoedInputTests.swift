import Testing

@testable import SSHExec

@Suite("What was typed and shown")
struct EchoedInputTests {
    /// What is recorded of keys and screens that take turns.
    private static func recorded(_ turns: [(typed: String, shown: String)]) -> String {
        var input = EchoedInput()
        var recorded: [UInt8] = []
        for turn in turns {
            input.typed(Array(turn.typed.utf8))
            recorded += input.shown(Array(turn.shown.utf8))
        }
        return String(decoding: recorded, as: UTF8.self)
    }

    @Test("what a terminal echoes is recorded, key by key or all at once")
    func echoed() {
        #expect(Self.recorded([("l", "l"), ("s", "s"), ("\r", "\r\nfile\r\n")]) == "ls\r")
        #expect(Self.recorded([("ls\r", "ls\r\nfile\r\n")]) == "ls\r")
        #expect(Self.recorded([("ls", "l"), ("", "s")]) == "ls")
    }

    @Test("what it does not echo, such as a password, is forgotten, whatever comes after it")
    func unseen() {
        #expect(Self.recorded([("secret\r", "\r\nLast login: secret\r\n")]) == "")
        #expect(Self.recorded([("s", ""), ("e", ""), ("c\r", "\r\n"), ("", "sec")]) == "")
        #expect(
            Self.recorded([("su\r", "su\r\nPassword: "), ("hunter2\r", "\r\n# "), ("id\r", "id\r\n0\r\n")])
                == "su\rid\r")
        #expect(Self.recorded([("p", "*"), ("w", "*")]) == "")
    }

    @Test("what nothing answers is not kept for ever")
    func bounded() {
        var input = EchoedInput()
        for _ in 0..<100 { input.typed([UInt8](repeating: 0x61, count: 100)) }
        #expect(input.shown([UInt8](repeating: 0x61, count: 10_000)).count < 5000)
    }
}
