import Synchronization

/// What the writer of a journal tells the sequencer: how far the current file is committed, in one atomic word, so that
/// the hand-over needs no lock. The sequencer reads the bytes themselves from the file.
final class JournalShare: Sendable {
    let name: String
    /// Generation in the upper 24 bits, committed bytes of that generation's file in the lower 40.
    private let position: Atomic<UInt64>
    private let closed = Atomic<Bool>(false)

    init(name: String, generation: UInt64, length: UInt64) {
        self.name = name
        position = Atomic(Self.pack(generation, length))
    }

    static let maximumGeneration: UInt64 = 1 << 24 - 1

    func publish(generation: UInt64, length: UInt64) {
        position.store(Self.pack(generation, length), ordering: .releasing)
    }

    var committed: (generation: UInt64, length: UInt64) {
        let value = position.load(ordering: .acquiring)
        return (value >> 40, value & (1 << 40 - 1))
    }

    var isClosed: Bool { closed.load(ordering: .acquiring) }
    func close() { closed.store(true, ordering: .releasing) }

    private static func pack(_ generation: UInt64, _ length: UInt64) -> UInt64 { generation << 40 | length }
}
