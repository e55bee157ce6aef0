import NIOCore

@testable import SSHExec

/// Two sides that keep to the protocol and do all that it allows, in the order of a generator, while what they say
/// arrives late. What each channel was given and what came of it is kept.
struct HonestConnection {
    /// What one side knows of a channel.
    struct End {
        var isOpen = false
        var isClosed = false
        var sent: [ChannelStream: [UInt8]] = [:]
        var received: [ChannelStream: [UInt8]] = [:]
        var owed = 0
        var hasEOF = false
        var requestsSent: [String] = []
        var requestsReceived: [String] = []
    }

    enum Side: Int, CaseIterable { case client, server }

    private var connections = [SSHConnection(), SSHConnection()]
    private var wires: [CircularBuffer<ByteBuffer>] = [CircularBuffer(), CircularBuffer()]
    private(set) var ends: [[ChannelID: End]] = [[:], [:]]
    /// Which channel of the server is which of the client.
    private(set) var pairs: [(client: ChannelID, server: ChannelID)] = []
    /// Channels that were open to the end, when everything had arrived.
    private(set) var undisturbed: [(client: End, server: End)] = []
    private var random: SFTPSeededGenerator
    private var counter: UInt8 = 0

    init(seed: UInt64) { random = SFTPSeededGenerator(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1) }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func channel(of side: Side) -> ChannelID? {
        ends[side.rawValue].filter { $0.value.isOpen && !$0.value.isClosed }.keys
            .sorted { $0.number < $1.number }.randomElement(using: &random)
    }

    /// Does something.
    mutating func step() throws(TransportError) {
        let side: Side = number(0...1) == 0 ? .client : .server
        let place = side.rawValue
        switch number(0...15) {
        case 0:
            guard side == .client, ends[0].count < 200 else { return }
            let id = connections[0].open(type: "session")
            ends[0][id] = End()
            // Given up at once, sometimes.
            if number(0...9) == 0 { close(id, of: .client, aborting: number(0...1) == 0) }
        case 1...4:
            guard let id = channel(of: side) else { return }
            send(id, of: side, count: number(0...3) == 0 ? number(1...100_000) : number(1...20))
        case 5:
            guard let id = channel(of: side) else { return }
            let type = ["signal", "exit-status", "window-change", "eow@openssh.com"][number(0...3)]
            connections[place].sendRequest(id, type: type, wantsReply: number(0...1) == 0)
            ends[place][id]?.requestsSent.append(type)
        case 6:
            guard let id = channel(of: side), number(0...5) == 0 else { return }
            connections[place].sendEOF(id)
            ends[place][id]?.hasEOF = true
        case 7:
            guard let id = channel(of: side), number(0...5) == 0 else { return }
            close(id, of: side, aborting: number(0...3) == 0)
        case 8...9:
            guard let id = channel(of: side) else { return }
            consume(id, of: side)
        case 10...12:
            for _ in 0..<number(1...20) {
                guard let message = connections[place].nextOutbound() else { break }
                wires[place].append(message)
            }
            try report(side)
        default: for _ in 0..<number(1...20) { try deliver(from: side) }
        }
    }

    private mutating func send(_ id: ChannelID, of side: Side, count: Int) {
        let place = side.rawValue
        guard ends[place][id]?.hasEOF == false else { return }
        let stream: ChannelStream = number(0...1) == 0 ? .standard : .error
        counter &+= 1
        let bytes = [UInt8](repeating: counter, count: count)
        connections[place].send(id, stream, ByteBuffer(bytes: bytes))
        ends[place][id]?.sent[stream, default: []] += bytes
    }

    private mutating func close(_ id: ChannelID, of side: Side, aborting: Bool) {
        let place = side.rawValue
        if aborting { connections[place].abort(id) } else { connections[place].close(id) }
        ends[place][id]?.isClosed = true
    }

    private mutating func consume(_ id: ChannelID, of side: Side) {
        guard let owed = ends[side.rawValue][id]?.owed, owed > 0 else { return }
        connections[side.rawValue].consume(id, owed)
        ends[side.rawValue][id]?.owed = 0
    }

    private mutating func deliver(from side: Side) throws(TransportError) {
        guard let message = wires[side.rawValue].popFirst() else { return }
        let other: Side = side == .client ? .server : .client
        let isUnderstood = try connections[other.rawValue].receive(message)
        precondition(isUnderstood, "an honest side says what is understood")
        var opener: ChannelID?
        if case .open(_, let sender)? = try ConnectionMessage(message) { opener = ChannelID(number: sender.number) }
        try report(other, opener: opener)
    }

    private mutating func report(_ side: Side, opener: ChannelID? = nil) throws(TransportError) {
        let place = side.rawValue
        while let event = connections[place].nextEvent() {
            switch event {
            case .openRequested(let id, _):
                if let opener { pairs.append((opener, id)) }
                ends[place][id] = End()
                switch number(0...9) {
                case 0: connections[place].refuse(id, ChannelOpenFailure(.connectFailed, "no"))
                case 1: connections[place].close(id)
                default:
                    connections[place].accept(id)
                    ends[place][id]?.isOpen = true
                }
            case .opened(let id):
                precondition(ends[place][id]?.isClosed == false, "who has given a channel up hears that it is open")
                ends[place][id]?.isOpen = true
            case .openFailed(let id, _): ends[place][id]?.isClosed = true
            case .request(let id, let request):
                ends[place][id]?.requestsReceived.append(request.type)
                if request.wantsReply { connections[place].answer(id, success: true) }
            case .data(let id, let stream, let bytes):
                ends[place][id]?.received[stream, default: []] += bytes.readableBytesView
                ends[place][id]?.owed += bytes.readableBytes
                if number(0...3) == 0 { consume(id, of: side) }
            case .closed(let id):
                connections[place].close(id)
                ends[place][id]?.isClosed = true
            case .answered, .drained, .eof, .globalRequest, .globalAnswered: break
            }
        }
    }

    /// Lets everything arrive, and closes what is open.
    mutating func finish() throws(TransportError) {
        for isClosing in [false, true] {
            if isClosing {
                for (client, server) in pairs {
                    guard let client = ends[0][client], let server = ends[1][server], client.isOpen, server.isOpen,
                        !client.isClosed, !server.isClosed
                    else { continue }
                    undisturbed.append((client, server))
                }
                for id in Array(ends[0].keys) where ends[0][id]?.isClosed == false {
                    close(id, of: .client, aborting: false)
                }
            }
            var isQuiet = false
            while !isQuiet {
                isQuiet = true
                for side in Side.allCases {
                    for id in Array(ends[side.rawValue].keys) { consume(id, of: side) }
                    while let message = connections[side.rawValue].nextOutbound() {
                        wires[side.rawValue].append(message)
                        isQuiet = false
                    }
                    try report(side)
                    while !wires[side.rawValue].isEmpty { try deliver(from: side) }
                }
            }
        }
    }

    var openChannels: Int { connections.reduce(0) { $0 + $1.openChannels } }
}
