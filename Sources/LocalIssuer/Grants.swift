import Crypto
import Foundation
import Synchronization

/// What has been asked for and not yet been turned into tokens. In memory alone: a restart forgets it.
final class Grants: Sendable {
    struct Device: Sendable {
        let deviceCode: String
        let userCode: String
        let clientID: String
        let expiresAt: Date
        var answer: Answer = .pending
        var lastPoll: Date?

        enum Answer: Sendable {
            case pending, denied
            case approved(LocalUser)
        }
    }

    struct Code: Sendable {
        let clientID: String
        let redirectURI: String
        /// RFC 7636: the S256 challenge.
        let challenge: String
        let nonce: String?
        let user: LocalUser
        let expiresAt: Date
    }

    struct Refresh: Sendable {
        let clientID: String
        let user: LocalUser
        let expiresAt: Date
    }

    private struct State {
        var devices: [String: Device] = [:]
        var codes: [String: Code] = [:]
        var refreshes: [String: Refresh] = [:]
    }

    /// More open requests than any developer makes; a loop gone wild must not eat the memory.
    private static let limit = 10_000
    /// RFC 8628 section 3.2: seconds between two polls.
    static let interval = 1
    private let state = Mutex(State())

    // MARK: Device flow (RFC 8628)

    func openDevice(clientID: String) -> Device? {
        let device = Device(
            deviceCode: Self.secret(), userCode: Self.userCode(), clientID: clientID,
            expiresAt: Date(timeIntervalSinceNow: 600))
        return state.withLock { state in
            state.devices = state.devices.filter { $0.value.expiresAt > Date() }
            guard state.devices.count < Self.limit else { return nil }
            state.devices[device.deviceCode] = device
            return device
        }
    }

    /// Takes the person's answer; false when there is no such code, or it was answered before.
    func answerDevice(userCode: String, _ answer: Device.Answer) -> Bool {
        let wanted = userCode.uppercased().filter { $0 != "-" && $0 != " " }
        return state.withLock { state in
            for (code, device) in state.devices where device.userCode.filter({ $0 != "-" }) == wanted {
                guard device.expiresAt > Date(), case .pending = device.answer else { return false }
                state.devices[code]?.answer = answer
                return true
            }
            return false
        }
    }

    enum Poll: Sendable {
        case unknown, expired, pending, slowDown, denied
        case approved(LocalUser)
    }

    func pollDevice(_ deviceCode: String, clientID: String) -> Poll {
        state.withLock { state in
            guard var device = state.devices[deviceCode], device.clientID == clientID else { return .unknown }
            guard device.expiresAt > Date() else {
                state.devices[deviceCode] = nil
                return .expired
            }
            switch device.answer {
            case .approved(let user):
                state.devices[deviceCode] = nil
                return .approved(user)
            case .denied:
                state.devices[deviceCode] = nil
                return .denied
            case .pending:
                let isTooFast = device.lastPoll.map { -$0.timeIntervalSinceNow < Double(Self.interval) * 0.5 } ?? false
                device.lastPoll = Date()
                state.devices[deviceCode] = device
                return isTooFast ? .slowDown : .pending
            }
        }
    }

    // MARK: Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636)

    func openCode(_ code: Code) -> String {
        let name = Self.secret()
        state.withLock { state in
            state.codes = state.codes.filter { $0.value.expiresAt > Date() }
            if state.codes.count < Self.limit { state.codes[name] = code }
        }
        return name
    }

    /// Takes the code out, whether or not it fits: a code is tried once.
    func redeemCode(_ name: String, clientID: String, redirectURI: String, verifier: String) -> Code? {
        guard let code = state.withLock({ $0.codes.removeValue(forKey: name) }) else { return nil }
        let challenge = SigningKeys.base64URL(Data(SHA256.hash(data: Data(verifier.utf8))))
        guard code.expiresAt > Date(), code.clientID == clientID, code.redirectURI == redirectURI,
            code.challenge == challenge
        else { return nil }
        return code
    }

    // MARK: Refresh tokens, rotated at each use

    func openRefresh(clientID: String, user: LocalUser) -> String {
        let name = Self.secret()
        let refresh = Refresh(clientID: clientID, user: user, expiresAt: Date(timeIntervalSinceNow: 8 * 3600))
        state.withLock { state in
            state.refreshes = state.refreshes.filter { $0.value.expiresAt > Date() }
            if state.refreshes.count < Self.limit { state.refreshes[name] = refresh }
        }
        return name
    }

    func redeemRefresh(_ name: String, clientID: String) -> LocalUser? {
        guard let refresh = state.withLock({ $0.refreshes.removeValue(forKey: name) }), refresh.expiresAt > Date(),
            refresh.clientID == clientID
        else { return nil }
        return refresh.user
    }

    // MARK: Secrets

    private static func secret() -> String {
        SigningKeys.base64URL(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
    }

    /// Eight consonants, which spell no words and are not mistaken for each other (RFC 8628 section 6.1).
    private static func userCode() -> String {
        let letters = Array("BCDFGHJKLMNPQRSTVWXZ")
        let code = (0..<8).map { _ in letters.randomElement() ?? "X" }
        return "\(String(code[..<4]))-\(String(code[4...]))"
    }
}
