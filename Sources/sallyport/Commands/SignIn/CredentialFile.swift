import Foundation
import Identifiers
import Identity
import StrictJSON

/// What `sallyport login` obtained, kept for the commands that follow.
struct Credential: Equatable {
    var issuer: String
    var clientID: String
    var token: String
    var expiresAt: Timestamp
    var refreshToken: String?
    var tokenEndpoint: String
    var authorities: String?
    /// Where the commands that follow go, when nothing else says.
    var console: String?
    var gateway: String?
}

/// The file that a person's credential stands in: readable by them alone.
///
/// `credentials.json` in `SALLYPORT_HOME`, or in `sallyport` under `XDG_CONFIG_HOME` or `~/.config`.
struct CredentialFile {
    let path: String

    /// Where else the commands keep what is this person's alone.
    var folder: URL { URL(fileURLWithPath: path).deletingLastPathComponent() }

    static var standard: CredentialFile { CredentialFile(environment: ProcessInfo.processInfo.environment) }

    init(environment: [String: String]) {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let folder =
            set("SALLYPORT_HOME") ?? set("XDG_CONFIG_HOME").map { "\($0)/sallyport" }
            ?? "\(set("HOME") ?? NSHomeDirectory())/.config/sallyport"
        path = "\(folder)/credentials.json"
    }

    init(path: String) { self.path = path }

    /// The token to show: that of `SALLYPORT_TOKEN`, else the stored one, renewed where it is about to expire.
    static func token() async throws -> String {
        if let token = ProcessInfo.processInfo.environment["SALLYPORT_TOKEN"], !token.isEmpty { return token }
        let file = standard
        guard var credential = try file.load() else {
            throw CommandFailure("nobody is signed in; `sallyport login` does that", status: .refused)
        }
        if credential.expiresAt.duration(since: .now) > .seconds(30) { return credential.token }
        guard let refresh = credential.refreshToken else {
            throw CommandFailure("the sign-in has expired; `sallyport login` signs in again", status: .refused)
        }
        let endpoint = IssuerTokenEndpoint(
            url: credential.tokenEndpoint, clientID: credential.clientID, clientSecret: nil,
            forms: HTTPFormPoster(client: try CommandHTTP.client(authorities: credential.authorities)))
        guard
            case .granted(let grant) = try await endpoint.ask(
                "refresh_token", [("refresh_token", refresh)])
        else {
            throw CommandFailure("the sign-in has expired; `sallyport login` signs in again", status: .refused)
        }
        credential.take(grant)
        try file.save(credential)
        return credential.token
    }

    /// - Throws: `CommandFailure` when others can read the file, or it is not what `save` writes.
    func load() throws -> Credential? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & 0o077 == 0 else {
            throw CommandFailure(
                "others can read \(path); `chmod 600` it, and sign in again if they may have", status: .configuration)
        }
        guard let data = FileManager.default.contents(atPath: path), let value = try? JSONValue(parsing: Array(data)),
            let issuer = value["issuer"]?.string, let client = value["client_id"]?.string,
            let token = value["token"]?.string, let endpoint = value["token_endpoint"]?.string,
            let expiry = value["expires_at"]?.string.flatMap({ Timestamp($0) })
        else { throw CommandFailure("\(path) is damaged; `sallyport login` writes it anew", status: .configuration) }
        return Credential(
            issuer: issuer, clientID: client, token: token, expiresAt: expiry,
            refreshToken: value["refresh_token"]?.string, tokenEndpoint: endpoint, authorities: value["ca"]?.string,
            console: value["console"]?.string, gateway: value["gateway"]?.string)
    }

    /// Replaces the file in one step; it is never readable by others, not even for a moment.
    func save(_ credential: Credential) throws {
        var members = [
            JSONMember("issuer", .string(credential.issuer)), JSONMember("client_id", .string(credential.clientID)),
            JSONMember("token", .string(credential.token)),
            JSONMember("expires_at", .string(credential.expiresAt.description)),
            JSONMember("token_endpoint", .string(credential.tokenEndpoint)),
        ]
        let optional = [
            ("refresh_token", credential.refreshToken), ("ca", credential.authorities),
            ("console", credential.console), ("gateway", credential.gateway),
        ]
        for (name, text) in optional { if let text { members.append(JSONMember(name, .string(text))) } }
        try PrivateFile.replace(path, with: JSONValue.object(members).canonicalBytes + [0x0a])
    }

    /// False when there was none.
    func remove() throws -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT else {
            throw CommandFailure(
                "\(path) cannot be removed (\(String(cString: strerror(errno))))", status: .unavailable)
        }
        return false
    }
}

extension Credential {
    mutating func take(_ grant: IssuerTokenEndpoint.Grant) {
        token = grant.idToken
        expiresAt = grant.expiresAt
        refreshToken = grant.refreshToken ?? refreshToken
    }
}
