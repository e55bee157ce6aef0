import Crypto
import Foundation
import Identifiers
import Identity
import Markup
import Synchronization

/// A person who has signed in with a browser.
struct WebSession: Sendable {
    let caller: Caller
    let expiresAt: Timestamp
    /// What each form of a page must send back; other sites cannot read it.
    let csrfToken: String

    /// The hidden field of a form.
    var formToken: HTML { #"<input type="hidden" name="csrf" value="\#(csrfToken)">"# }

    func isOwnForm(_ token: String?) -> Bool {
        guard let token else { return false }
        // Hashes of equal length, so the time of the comparison tells nothing of the token.
        return SHA256.hash(data: Data(token.utf8)) == SHA256.hash(data: Data(csrfToken.utf8))
    }
}

/// Who is signed in with a browser: in memory only, bounded, each no longer than the token that they came with.
final class WebSessions: Sendable {
    /// However long a token lasts, people sign in once a working day.
    static let longest: Duration = .seconds(8 * 3600)
    static let most = 10_000

    private let sessions = Mutex<[SHA256Digest: WebSession]>([:])
    private let now: @Sendable () -> Timestamp

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// Begins a session and returns the secret that its cookie carries.
    func begin(_ caller: Caller) -> String {
        let secret = Self.random()
        let time = now()
        let session = WebSession(
            caller: caller, expiresAt: min(caller.expiresAt, time.adding(Self.longest)), csrfToken: Self.random())
        sessions.withLock { sessions in
            if sessions.count >= Self.most { sessions = sessions.filter { $0.value.expiresAt > time } }
            // Still full: the one that ends first gives way.
            if sessions.count >= Self.most, let first = sessions.min(by: { $0.value.expiresAt < $1.value.expiresAt }) {
                sessions[first.key] = nil
            }
            sessions[Self.key(secret)] = session
        }
        return secret
    }

    func find(_ secret: String) -> WebSession? {
        let time = now()
        return sessions.withLock { sessions in
            let key = Self.key(secret)
            guard let session = sessions[key] else { return nil }
            if time < session.expiresAt { return session }
            sessions[key] = nil
            return nil
        }
    }

    func end(_ secret: String) { _ = sessions.withLock { $0.removeValue(forKey: Self.key(secret)) } }

    private static func key(_ secret: String) -> SHA256Digest { SHA256.hash(data: Data(secret.utf8)) }

    /// 256 random bits in base64url (RFC 4648 section 5).
    static func random() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64URL
    }
}

extension Data {
    /// RFC 4648 section 5, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
