import NIOCore

/// What a channel has to send and the other side has not taken yet: the bytes of both streams, as they came.
struct ChannelOutput {
    /// After so many changes between the streams only the order within each is kept: RFC 4254 promises no other, and a
    /// program that writes single bytes by turns would have more memory spent on the order than on the bytes.
    static let mostRuns = 1024

    private var standard = WaitingBytes()
    private var error = WaitingBytes()
    /// How much of which stream comes next; no two that follow one another are of the same.
    private var runs = CircularBuffer<(stream: ChannelStream, count: Int)>()

    var count: Int { standard.count + error.count }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        switch stream {
        case .standard: standard.append(bytes)
        case .error: error.append(bytes)
        }
        if runs.last?.stream != stream, runs.count < Self.mostRuns {
            runs.append((stream, bytes.readableBytes))
        } else {
            let last = runs.index(before: runs.endIndex)
            let place = runs[last].stream == stream ? last : runs.index(before: last)
            runs[place].count += bytes.readableBytes
        }
    }

    /// The next bytes, which are of one stream; `nil` when nothing waits.
    mutating func read(atMost limit: Int) -> (stream: ChannelStream, bytes: ByteBuffer)? {
        guard let run = runs.first else { return nil }
        let most = min(limit, run.count)
        let read = run.stream == .standard ? standard.read(atMost: most) : error.read(atMost: most)
        guard let bytes = read else { return nil }
        if bytes.readableBytes == run.count {
            runs.removeFirst()
        } else {
            runs[runs.startIndex].count -= bytes.readableBytes
        }
        return (run.stream, bytes)
    }
}
