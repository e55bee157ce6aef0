import Foundation
import Identifiers
import Testing

@testable import Audit

/// Answers that the openssl command gives as an authority, and what becomes of them when they are changed.
@Suite("Time stamps", .enabled(if: TimestampAuthority.isPossible, "the openssl command is not installed"))
struct TimestampTokenTests {
    private static let authority = Result { try TimestampAuthority() }

    @Test("the request is the one that openssl makes")
    func request() throws {
        let authority = try Self.authority.get()
        let bytes = Array("a signed checkpoint\n".utf8)
        #expect(TimestampToken.request(for: bytes) == (try authority.query(for: bytes)))
        #expect(TimestampToken.request(for: bytes).count == 59)
    }

    @Test("an answer is of the bytes that were asked, and has the authority's time")
    func answer() throws {
        let authority = try Self.authority.get()
        let bytes = Array("another\n".utf8)
        let before = Timestamp.now
        let response = try authority.reply(to: TimestampToken.request(for: bytes))
        let token = try TimestampToken(response: response, for: bytes)
        #expect(token.time.milliseconds / 1000 >= before.milliseconds / 1000 && token.time <= .now)
        #expect(!token.serial.isEmpty)
        #expect(throws: TimestampError.otherBytes) { try TimestampToken(response: response, for: bytes + [0x0a]) }
    }

    @Test("an answer that is cut or has more bytes is refused, wherever it is cut")
    func cut() throws {
        let authority = try Self.authority.get()
        let bytes = Array("cut\n".utf8)
        let response = try authority.reply(to: TimestampToken.request(for: bytes))
        for count in stride(from: 0, to: response.count, by: 7) {
            #expect(throws: TimestampError.self) {
                try TimestampToken(response: Array(response[..<count]), for: bytes)
            }
        }
        #expect(throws: TimestampError.malformed("bytes follow it")) {
            try TimestampToken(response: response + [0], for: bytes)
        }
    }

    @Test("an authority that refuses is quoted")
    func refused() throws {
        let authority = try Self.authority.get()
        // Of a hash that it does not take.
        let query = TimestampToken.request(for: [])
        var other = query
        other[19] = 0x03
        let response = try authority.reply(to: other)
        let error = #expect(throws: TimestampError.self) { try TimestampToken(response: response, for: []) }
        guard case .refused(status: 2, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(
        "lengths that are not DER are refused",
        arguments: [
            [0x30, 0x80, 0, 0], [0x30, 0x81, 0x01, 0], [0x30, 0x82, 0x00, 0x80], [0x30, 0x85, 1, 0, 0, 0, 0], [0x30],
            [0x30, 2, 0], [0x31, 0],
        ]
            as [[UInt8]])
    func lengths(_ bytes: [UInt8]) {
        var reader = DERReader(bytes[...])
        #expect(throws: DERReader.Malformed(expected: "it")) { try reader.read(DERReader.Tag.sequence, "it") }
    }
}

/// `openssl ts` in a folder of its own.
private final class TimestampAuthority: Sendable {
    static let program = "/usr/bin/openssl"
    static let isPossible = FileManager.default.isExecutableFile(atPath: program)
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tsa-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = authority
            [stamper]
            keyUsage = critical,digitalSignature
            extendedKeyUsage = critical,timeStamping
            [authority]
            serial = serial
            crypto_device = builtin
            signer_cert = tsa.pem
            signer_key = tsa.key
            signer_digest = sha256
            default_policy = 1.3.6.1.4.1.99999.1
            digests = sha256
            clock_precision_digits = 3
            ess_cert_id_alg = sha256
            """
        try configuration.write(
            to: folder.appendingPathComponent("openssl.cnf"), atomically: true, encoding: .utf8)
        try "01\n".write(to: folder.appendingPathComponent("serial"), atomically: true, encoding: .utf8)
        try run([
            "req", "-config", "openssl.cnf", "-newkey", "rsa:2048", "-nodes", "-x509", "-extensions", "stamper",
            "-keyout", "tsa.key", "-out", "tsa.pem", "-days", "2",
        ])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func query(for bytes: [UInt8]) throws -> [UInt8] {
        try Data(bytes).write(to: folder.appendingPathComponent("data"))
        try run(["ts", "-query", "-sha256", "-cert", "-no_nonce", "-data", "data", "-out", "own.tsq"])
        return Array(try Data(contentsOf: folder.appendingPathComponent("own.tsq")))
    }

    func reply(to query: [UInt8]) throws -> [UInt8] {
        let name = UUID().uuidString
        try Data(query).write(to: folder.appendingPathComponent("\(name).tsq"))
        try run([
            "ts", "-reply", "-config", "openssl.cnf", "-section", "authority", "-queryfile", "\(name).tsq", "-out",
            "\(name).tsr",
        ])
        return Array(try Data(contentsOf: folder.appendingPathComponent("\(name).tsr")))
    }

    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
}
