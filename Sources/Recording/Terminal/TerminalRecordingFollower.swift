import Vault

/// Reads a terminal recording while it is written, for somebody who watches: what is there at once, the rest as it comes,
/// until the program's exit status, or until nobody writes it any more.
///
/// One task reads, by `next()` or by `nextLines()` alone.
public actor TerminalRecordingFollower {
    private let interval: Duration
    private let isClosed: @Sendable () async -> Bool
    private var reader: TerminalRecordingReader
    private var hasEnded = false
    private var mustGiveHeader = true

    public nonisolated let header: TerminalRecordingHeader

    /// Of a recording that is not sealed.
    public init(
        path: String, interval: Duration = .milliseconds(100),
        isClosed: @escaping @Sendable () async -> Bool = { false }
    ) throws(RecordingError) {
        try self.init(EvidencePlace(path: path), interval: interval, isClosed: isClosed)
    }

    /// - Parameters:
    ///   - interval: How often it is looked for more.
    ///   - isClosed: Says that nothing more will be written, for who knows that better than the file does.
    public init(
        _ place: EvidencePlace, interval: Duration = .milliseconds(100),
        isClosed: @escaping @Sendable () async -> Bool = { false }
    ) throws(RecordingError) {
        self.interval = interval
        self.isClosed = isClosed
        let reader = try TerminalRecordingReader(place)
        header = reader.header
        self.reader = reader
    }

    /// The next event, waited for; `nil` at the end.
    ///
    /// - Throws: `RecordingError`, or `CancellationError` when the task is cancelled.
    public func next() async throws -> TerminalEvent? {
        while true {
            if let event = try await read() { return event }
            if hasEnded { return nil }
            try await Task.sleep(for: interval)
        }
    }

    /// The lines that have come since, the header's first: empty when there are none after `interval`, so that the
    /// caller can look after other things; `nil` at the end.
    public func nextLines() async throws -> [UInt8]? {
        var lines = mustGiveHeader ? reader.headerLine : []
        mustGiveHeader = false
        while lines.count < 1 << 16, try await read() != nil { lines.append(contentsOf: reader.lines) }
        if !lines.isEmpty { return lines }
        if hasEnded { return nil }
        try await Task.sleep(for: interval)
        return []
    }

    private func read() async throws -> TerminalEvent? {
        guard !hasEnded else { return nil }
        if let event = try reader.next() { return noticed(event) }
        if reader.isBeingWritten, await !isClosed() { return nil }
        // What was written between the two looks at the file.
        if let event = try reader.next() { return noticed(event) }
        hasEnded = true
        return nil
    }

    private func noticed(_ event: TerminalEvent) -> TerminalEvent {
        if case .exit = event.action { hasEnded = true }
        return event
    }
}
