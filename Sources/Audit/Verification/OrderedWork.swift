import Dispatch
import Synchronization

/// Does numbered pieces of work on several threads, and hands over their results in the order of the numbers: what comes
/// out is the same whatever the threads do.
enum OrderedWork {
    /// Does the pieces `0..<count`.
    ///
    /// - Parameters:
    ///   - threads: How many pieces are worked on at once; 1 does all on the caller's thread.
    ///   - work: What a piece is, called on any thread.
    ///   - each: Takes the results in order, on the caller's thread; `false` ends the whole. Not more than a few results
    ///     a thread wait for it at any time.
    /// - Throws: What `each` throws. No thread is at work any more when this returns or throws.
    static func run<Result: Sendable, Failure: Error>(
        _ count: UInt64, threads: Int, work: @escaping @Sendable (UInt64) -> Result,
        each: (Result) throws(Failure) -> Bool
    ) throws(Failure) {
        guard threads > 1, count > 1 else {
            var number: UInt64 = 0
            while number < count, try each(work(number)) { number += 1 }
            return
        }
        let board = Board<Result>(count: count)
        // Made with zero: a semaphore must not end lower than it began.
        let room = DispatchSemaphore(value: 0)
        let arrived = DispatchSemaphore(value: 0)
        let workers = DispatchGroup()
        for _ in 0..<(threads * resultsAhead) { room.signal() }
        for _ in 0..<threads {
            // A queue each, so that it gets a thread even where the shared ones are waiting.
            DispatchQueue(label: "audit.ordered-work").async(group: workers) {
                while true {
                    room.wait()
                    guard let number = board.claim() else { return }
                    board.put(work(number), number)
                    arrived.signal()
                }
            }
        }
        defer {
            board.stop()
            for _ in 0..<threads { room.signal() }
            workers.wait()
        }
        for number in 0..<count {
            var result = board.take(number)
            while result == nil {
                arrived.wait()
                result = board.take(number)
            }
            room.signal()
            guard let result, try each(result) else { return }
        }
    }

    private static let resultsAhead = 4

    /// What is given out, and what came back before its turn.
    private final class Board<Result: Sendable>: Sendable {
        private struct State {
            var next: UInt64 = 0
            var results: [UInt64: Result] = [:]
            var isStopped = false
        }

        private let count: UInt64
        private let state = Mutex(State())

        init(count: UInt64) { self.count = count }

        /// The next piece to do; `nil` when there is none.
        func claim() -> UInt64? {
            state.withLock { state in
                guard !state.isStopped, state.next < count else { return nil }
                state.next += 1
                return state.next - 1
            }
        }

        func put(_ result: Result, _ number: UInt64) { state.withLock { $0.results[number] = result } }

        func take(_ number: UInt64) -> Result? { state.withLock { $0.results.removeValue(forKey: number) } }

        func stop() { state.withLock { $0.isStopped = true } }
    }
}
