/// Tells what was typed and shown from what was typed unseen, such as a password: only the first may be recorded.
///
/// A terminal that echoes shows what is typed next of all. What comes instead says that it does not, and everything
/// that was typed until then is forgotten.
struct EchoedInput {
    private static let mostWaiting = 4096

    private var waiting: [UInt8] = []

    mutating func typed(_ bytes: some Collection<UInt8>) {
        waiting.append(contentsOf: bytes)
        if waiting.count > Self.mostWaiting { waiting = [] }
    }

    /// - Returns: What of the typed is shown by `output`.
    mutating func shown(_ output: some Collection<UInt8>) -> [UInt8] {
        guard !waiting.isEmpty else { return [] }
        var echoed = 0
        for byte in output {
            guard echoed < waiting.count, waiting[echoed] == byte else {
                // A terminal shows a return as return and line feed.
                if byte == UInt8(ascii: "\n"), echoed > 0, waiting[echoed - 1] == UInt8(ascii: "\r") { continue }
                break
            }
            echoed += 1
        }
        guard echoed > 0 else {
            waiting = []
            return []
        }
        defer { waiting.removeFirst(echoed) }
        return Array(waiting.prefix(echoed))
    }
}
