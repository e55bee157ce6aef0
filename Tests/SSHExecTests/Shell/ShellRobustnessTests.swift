import Foundation
import Testing

@testable import SSHExec

@Suite("Hostile shell command lines", .serialized)
struct ShellRobustnessTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64 = 0x5DEE_CE66_D1CE_4E5B
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test("every prefix and suffix of every line of the tables is read")
    func prefixes() {
        var lines = 0
        for line in ShellDisguise.all.map(\.line) + ShellLookalikes.all {
            let bytes = Array(line.utf8)
            for length in 0...bytes.count {
                for part in [bytes.prefix(length), bytes.suffix(length)] {
                    let script = ShellReader.read(part)
                    #expect(script.commands.count <= bytes.count)
                    lines += 1
                }
            }
        }
        #expect(lines > 5000)
    }

    @Test("every input of one or two bytes is read, and only words run")
    func short() {
        for first in UInt8.min...UInt8.max {
            #expect(ShellReader.read([first]).commands.count <= 1)
            for second in UInt8.min...UInt8.max { #expect(ShellReader.read([first, second]).commands.count <= 2) }
        }
    }

    @Test("20,000 mutations of the tables' lines are read the same way each time")
    func mutations() {
        var generator = Generator()
        let lines = (ShellDisguise.all.map(\.line) + ShellLookalikes.all).map { Array($0.utf8) }
        let special = Array("'\"\\`$(){}[]<>|&;#\n \t=*?~!-\r\0".utf8) + [0x80, 0xFF]
        for number in 0..<20_000 {
            var bytes = lines[number % lines.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.insert(special.randomElement(using: &generator) ?? 0, at: place)
                case 1: if place < bytes.count { bytes.remove(at: place) }
                default: bytes.insert(contentsOf: lines.randomElement(using: &generator) ?? [], at: place)
                }
            }
            let script = ShellReader.read(bytes)
            if number % 50 == 0 { #expect(script == ShellReader.read(bytes)) }
        }
    }

    @Test(
        "256 KiB of the same thing is read in a moment and on a small stack",
        arguments: [
            "(", "$(", "`", "{ ", "\"$(", "'", "\"", "${x:-", "$((", "((", "\\", "\\\n", "<(", "<<E\n", "<<E ", "if ",
            "while ", "case a in a) ", "f() ", "! ", "time ", "sudo ", "env ", "eval ", "sh -c ", "a;", "a=", "a b ",
            "{a,b}", "{a,", "*", "[", "$'", "\"`", "$x ", "$", "a\n", ">a ", "#", "find -exec ", "xargs ", "-S ",
            "env -S-S",
            "parallel ", "su x ", "$((1)", "$( (", "\"${x-\"", "\\`", "a=b ", "x=(", "[[ ", "trap ", "alias a=", "&>",
            "|", "0", "9>", "cat <<'E'\n", "a{b..c}", "watch ", "$((x) ) ", "{ (", "{}", "sed s/a/b/", "-",
        ])
    func long(_ unit: String) {
        var bytes: [UInt8] = []
        while bytes.count + unit.utf8.count <= ShellReader.longestLine { bytes += Array(unit.utf8) }
        let reading = SmallStackReading(bytes)
        let taken = ContinuousClock().measure { reading.run() }
        #expect(reading.isFinished)
        // A second is what it may take; tests are built without optimisation, and run beside others.
        #expect(taken < .seconds(60))
    }
}

/// Reads on a thread whose stack is as small as any thread's of the gateway.
private final class SmallStackReading: @unchecked Sendable {
    private let bytes: [UInt8]
    private let done = DispatchSemaphore(value: 0)
    private(set) var isFinished = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func run() {
        let thread = Thread { [self] in
            let script = ShellReader.read(bytes)
            isFinished = script.commands.count <= 20_000
            done.signal()
        }
        thread.stackSize = 512 * 1024
        thread.start()
        done.wait()
    }
}
