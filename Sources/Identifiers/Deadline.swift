/// Something was not done in its time.
public struct DeadlineExceeded: Error, Equatable, CustomStringConvertible {
    public let limit: Duration

    public var description: String { "it took longer than \(limit)" }
}

/// Does `body`, and cancels it when that takes longer than `limit`.
///
/// - Throws: `DeadlineExceeded`, or what `body` throws. It returns only when `body` does: that has to heed cancellation.
public func within<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DeadlineExceeded(limit: limit)
        }
        guard let first = try await group.next() else { throw DeadlineExceeded(limit: limit) }
        return first
    }
}
