import Synchronization

/// What the writer of a journal tells the sequencer: how far the current file is committed, in one atomic word, so that
/// the hand-over needs no lock. The sequencer reads the bytes themselves from the file.
///
/// And what the writer is told: whether the disk took what it wrote. A store into a mapped file cannot fail, so whoever
/// synchronizes the file for it finds out.
final class JournalShare: Sendable {
    let name: String
    /// Generation in the upper 24 bits, committed bytes of that generation's file in the lower 40.
    private let position: Atomic<UInt64>
    private let closed = Atomic<Bool>(false)
    /// 0 where all is well, the error number of a failed synchronization, or `mustReplace`.
    private let doubt = Atomic<Int32>(0)
    private static let mustReplace: Int32 = -1

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

    // MARK: Doubt

    /// After a failed synchronization the kernel may have dropped pages that were written: nothing is appended until
    /// ``trustNewFiles()``.
    func refuse(code: Int32) { doubt.store(max(1, code), ordering: .releasing) }

    /// The disk takes writes again. The file at hand is not trusted further: the writer goes on in a new one.
    func trustNewFiles() { doubt.store(Self.mustReplace, ordering: .releasing) }

    /// Why nothing may be appended; `nil` where it may.
    var refusal: Int32? {
        let code = doubt.load(ordering: .acquiring)
        return code > 0 ? code : nil
    }

    /// Whether the writer is to go on in a new file; it is told once.
    func takesNewFile() -> Bool {
        guard doubt.load(ordering: .relaxed) == Self.mustReplace else { return false }
        return doubt.compareExchange(expected: Self.mustReplace, desired: 0, ordering: .acquiringAndReleasing).exchanged
    }

    private static func pack(_ generation: UInt64, _ length: UInt64) -> UInt64 { generation << 40 | length }
}
