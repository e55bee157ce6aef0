/// Why nobody was signed in on another device.
public enum DeviceAuthorizationError: Error, Sendable, Hashable {
    /// The issuer has no such flow, or the gateway is no client of it; the issuer's name, where one was asked.
    case notOffered(String?)
    /// The person said no.
    case denied
    /// Nobody confirmed the code in time.
    case expired
    /// OAuth's error code, and what the issuer says about it.
    case refused(String, String?)
    /// The issuer's answer is not one that RFC 8628 describes.
    case unusable(String)
    case unreachable(String)
    /// As many people are signing in this way as the gateway takes at once.
    case tooMany(Int)
    /// Whoever began went away.
    case cancelled

    /// A short name for logs and metrics.
    public var code: String {
        switch self {
        case .notOffered: "device-not-offered"
        case .denied: "device-denied"
        case .expired: "device-expired"
        case .refused: "device-refused"
        case .unusable: "device-unusable"
        case .unreachable: "device-unreachable"
        case .tooMany: "device-too-many"
        case .cancelled: "device-cancelled"
        }
    }

    /// One sentence.
    public var reason: String {
        switch self {
        case .notOffered(let issuer?): "\(issuer) does not let people sign in on another device."
        case .notOffered(nil): "No issuer of this gateway lets people sign in on another device."
        case .denied: "The sign-in was refused at the issuer."
        case .expired: "Nobody confirmed the code before it expired."
        case .refused(let code, let text):
            "The issuer refused (\(code.prefix(64))): \(text.map { String($0.prefix(256)) } ?? "no reason given")."
        case .unusable(let what): "The issuer's answer is not one of the device flow: \(what)."
        case .unreachable(let detail): "The issuer cannot be asked now: \(detail)."
        case .tooMany(let limit): "\(limit) people are signing in on another device already."
        case .cancelled: "The sign-in was broken off."
        }
    }

    /// One sentence that says what the person can do.
    public var nextStep: String {
        switch self {
        case .notOffered: "Sign in another way, e.g. with `sallyport login --browser`."
        case .denied, .cancelled: "Begin again if it was you."
        case .expired: "Begin again, and confirm the code in time."
        case .refused, .unusable: "Begin again; if it lasts, tell the gateway's operators."
        case .unreachable: "Try again later; if it lasts, tell the gateway's operators."
        case .tooMany: "Try again in a minute, or sign in another way."
        }
    }
}

extension DeviceAuthorizationError: CustomStringConvertible {
    public var description: String { "\(reason) \(nextStep)" }
}
