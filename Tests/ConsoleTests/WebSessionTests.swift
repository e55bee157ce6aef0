import Identifiers
import Synchronization
import Testing

@testable import Console

@Suite("WebSessions")
struct WebSessionTests {
    private final class Clock: Sendable {
        private let offset = Mutex(Duration.zero)
        var now: Timestamp { Timestamp.now.adding(offset.withLock { $0 }) }
        func advance(_ duration: Duration) { offset.withLock { $0 += duration } }
    }

    @Test("a session ends with the token that began it, and after eight hours at the latest")
    func ends() throws {
        let clock = Clock()
        let sessions = WebSessions { clock.now }
        let short = sessions.begin(FakeBackend.person("bob", [], lasts: .seconds(600)))
        let long = sessions.begin(FakeBackend.person("bob", [], lasts: .seconds(86_400)))
        clock.advance(.seconds(590))
        #expect(sessions.find(short) != nil)
        clock.advance(.seconds(20))
        #expect(sessions.find(short) == nil && sessions.find(long) != nil)
        clock.advance(.seconds(8 * 3600))
        #expect(sessions.find(long) == nil)
    }

    @Test("each session has secrets of its own, and one that is ended is gone")
    func secrets() throws {
        let sessions = WebSessions { .now }
        let bob = FakeBackend.person("bob", [])
        let secrets = (0..<100).map { _ in sessions.begin(bob) }
        let tokens = secrets.compactMap { sessions.find($0)?.csrfToken }
        #expect(Set(secrets + tokens).count == 200)
        #expect(secrets.allSatisfy { $0.utf8.count == 43 })
        sessions.end(secrets[0])
        #expect(sessions.find(secrets[0]) == nil && sessions.find(secrets[1]) != nil)
    }

    @Test("the number of sessions is bounded; the one that ends first gives way")
    func bounded() {
        let sessions = WebSessions { .now }
        let first = sessions.begin(FakeBackend.person("bob", [], lasts: .seconds(60)))
        let bob = FakeBackend.person("bob", [])
        let others = (0..<WebSessions.most).map { _ in sessions.begin(bob) }
        #expect(sessions.find(first) == nil)
        #expect(others.allSatisfy { sessions.find($0) != nil })
    }
}
