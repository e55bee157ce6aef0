import ConfigFile
import Foundation
import Testing

@Suite struct SecretTests {
    @Test("a secret does not print, whichever way")
    func printing() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(["key": secret], to: &dumped)
        let printed = ["\(secret)", String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped]
        for text in printed { #expect(!text.contains("hunter2"), "\(text)") }
        #expect(secret.reveal() == "hunter2")
    }

    @Test(
        "a file's last line break does not belong to the secret",
        arguments: [("abc\n", "abc"), ("abc\r\n", "abc"), ("abc\n\n", "abc"), (" a b ", " a b "), ("a\nb\n", "a\nb")])
    func lineBreaks(contents: String, expected: String) throws {
        let folder = try Self.folder(holding: contents)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try SecretReference.file("key").resolve(relativeTo: folder).reveal() == expected)
        #expect(try SecretReference.file("\(folder)/key").resolve(relativeTo: "/nowhere").reveal() == expected)
    }

    @Test("a secret that is not there is an error that says which")
    func missing() throws {
        let folder = try Self.folder(holding: "\n")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: SecretError.variableMissing("SALLYPORT_NO_SUCH")) {
            try SecretReference.environment("SALLYPORT_NO_SUCH").resolve(relativeTo: folder)
        }
        #expect(throws: SecretError.fileUnreadable("\(folder)/other")) {
            try SecretReference.file("other").resolve(relativeTo: folder)
        }
        #expect(throws: SecretError.empty("the file \(folder)/key")) {
            try SecretReference.file("key").resolve(relativeTo: folder)
        }
    }

    private static func folder(holding contents: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(contents.utf8).write(to: folder.appendingPathComponent("key"))
        return folder.path
    }
}
