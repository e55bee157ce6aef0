/// Asks until `condition` holds; throws when it still does not after `seconds`.
func waitUntil(within seconds: Double = 120, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("it did not come to pass within \(seconds) s") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
