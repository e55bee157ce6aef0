import NIOCore
import Testing

@testable import SSHExec

@Suite("Bytes that wait for a window")
struct WaitingBytesTests {
    @Test("come out as they went in, whatever the pieces are", arguments: [1, 100, 4095, 4096, 40_000])
    func order(size: Int) {
        var waiting = WaitingBytes()
        let whole = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        var (given, taken) = (whole[...], [UInt8]())
        while taken.count < whole.count {
            for _ in 0..<3 {
                waiting.append(ByteBuffer(bytes: given.prefix(size)))
                given = given.dropFirst(size)
            }
            #expect(waiting.count == whole.count - given.count - taken.count)
            let piece = waiting.read(atMost: 2 * size + 1)
            taken += piece.map { Array(buffer: $0) } ?? []
        }
        #expect(taken == whole && waiting.isEmpty)
    }

    @Test("single bytes out of long packets are put together: none holds on to its packet")
    func joined() {
        var waiting = WaitingBytes()
        for number in 0..<20_000 {
            let packet = ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: 512)
            waiting.append(packet.getSlice(at: 0, length: 1) ?? ByteBuffer())
        }
        let piece = waiting.read(atMost: .max)
        #expect(piece?.readableBytes == 20_000)
        #expect(piece.map { $0.storageCapacity <= 64 * 1024 } == true)
        #expect(waiting.isEmpty)
    }

    @Test("what never runs empty does not grow for ever")
    func endless() {
        var waiting = WaitingBytes()
        var longest = 0
        for _ in 0..<50_000 {
            waiting.append(ByteBuffer(repeating: 1, count: 10))
            let piece = waiting.read(atMost: waiting.count > 20 ? 10 : 9)
            longest = max(longest, piece?.storageCapacity ?? 0)
        }
        #expect(longest <= 64 * 1024, "\(longest)")
    }
}

@Suite("What a channel has to send")
struct ChannelOutputTests {
    @Test("both streams come out as they went in")
    func order() {
        var output = ChannelOutput()
        let pieces: [(ChannelStream, String)] = [
            (.standard, "ab"), (.standard, "c"), (.error, "XY"), (.standard, "d"), (.error, "Z"),
        ]
        for (stream, text) in pieces { output.append(stream, ByteBuffer(string: text)) }
        #expect(output.count == 7)
        var read: [String] = []
        while let (stream, bytes) = output.read(atMost: 2) {
            read.append("\(stream == .standard ? "" : "!")\(String(buffer: bytes))")
        }
        #expect(read == ["ab", "c", "!XY", "d", "!Z"])
        #expect(output.isEmpty)
    }

    @Test("single bytes by turns cost little more than themselves, and each stream keeps its order")
    func turns() {
        var output = ChannelOutput()
        for number in 0..<50_000 {
            let byte = ByteBuffer(repeating: UInt8(truncatingIfNeeded: number / 2), count: 1)
            output.append(number % 2 == 0 ? .standard : .error, byte)
        }
        #expect(output.count == 50_000)
        var (streams, pieces) = ([ChannelStream: [UInt8]](), 0)
        while let (stream, bytes) = output.read(atMost: 32 * 1024) {
            streams[stream, default: []] += Array(buffer: bytes)
            pieces += 1
        }
        let expected = (0..<25_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(streams[.standard] == expected && streams[.error] == expected)
        #expect(pieces <= 2000, "\(pieces)")
    }
}

@Suite("Receive windows")
struct ReceiveWindowTests {
    @Test("grow as what comes is consumed, to their full size and no further")
    func growth() {
        var (window, told) = (ReceiveWindow(), Int(ReceiveWindow.initial))
        var received = 0
        while received < 20_000_000 {
            let isTaken = window.take(16 * 1024)
            #expect(isTaken)
            received += 16 * 1024
            told += Int(window.consume(16 * 1024, room: .max) ?? 0)
            #expect(told - received == Int(window.left))
            #expect(window.left <= window.size && window.size <= ReceiveWindow.full)
        }
        #expect(window.size == ReceiveWindow.full)
    }

    @Test("do not grow without room for it, nor when nothing is consumed, nor by what never came")
    func bounds() {
        var window = ReceiveWindow()
        let nothing = window.consume(1 << 30, room: .max)
        let taken = [window.take(Int(ReceiveWindow.initial)), window.take(1)]
        #expect(nothing == nil && taken == [true, false])
        let back = window.consume(1 << 30, room: 0)
        #expect(back == ReceiveWindow.initial)
        #expect(window.size == ReceiveWindow.initial && window.left == ReceiveWindow.initial)
    }
}
