import Foundation
import Identifiers
import Testing

@testable import sallyport

@Suite struct CredentialFileTests {
    private static let credential = Credential(
        issuer: "https://id.example", clientID: "sallyport-cli", token: "a.b.c",
        expiresAt: Timestamp(milliseconds: 1_764_000_000_000), refreshToken: "r", tokenEndpoint: "https://id.example/t",
        authorities: nil, console: "https://gate.example:7481", gateway: nil)

    @Test("a credential is kept for its owner alone, and comes back as it was")
    func roundTrip() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("home-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = CredentialFile(environment: ["SALLYPORT_HOME": folder])
        #expect(try file.load() == nil)
        try file.save(Self.credential)
        #expect(try file.load() == Self.credential)
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        let folderMode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? NSNumber
        #expect(folderMode?.intValue == 0o700)
        #expect(try file.remove())
        #expect(try !file.remove())
    }

    @Test("a file that others can read is refused")
    func permissions() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("home-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = CredentialFile(path: "\(folder)/credentials.json")
        try file.save(Self.credential)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        #expect(throws: CommandFailure.self) { try file.load() }
    }

    @Test(
        "the folder follows the environment",
        arguments: [
            (["SALLYPORT_HOME": "/h", "HOME": "/u"], "/h/credentials.json"),
            (["XDG_CONFIG_HOME": "/x", "HOME": "/u"], "/x/sallyport/credentials.json"),
            (["HOME": "/u", "SALLYPORT_HOME": ""], "/u/.config/sallyport/credentials.json"),
        ])
    func path(environment: [String: String], expected: String) {
        #expect(CredentialFile(environment: environment).path == expected)
    }
}
