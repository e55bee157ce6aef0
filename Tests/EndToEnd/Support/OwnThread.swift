import Foundation

/// Runs what blocks on a thread of its own: Swift's tasks share as many threads as the machine has cores, so that two
/// of them that wait for a slow call would keep a whole test from going on.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
