import ConfigFile
import Foundation
import Identifiers
import NIOCore
import StrictJSON
import Testing

@testable import HTTPFunctions

@Suite("AWS Signature Version 4")
struct SigV4CredentialTests {
    private struct Sample {
        let method: String
        let target: String
        let body: String
        let type: String?
        let token: String?
    }

    private static let samples = [
        Sample(method: "GET", target: "/", body: "", type: nil, token: nil),
        Sample(method: "POST", target: "/f", body: "{\"a\":1}", type: "application/json", token: nil),
        Sample(method: "POST", target: "/a%20b/caf%C3%A9", body: "x", type: "text/plain; charset=utf-8", token: nil),
        Sample(method: "GET", target: "/q?b=2&a=1&a=0&c", body: "", type: nil, token: nil),
        Sample(method: "GET", target: "/q?x=%2Fy%3D&empty=", body: "", type: nil, token: "session/token=="),
        Sample(method: "PUT", target: "/~user/-._", body: "é", type: "application/json", token: nil),
    ]

    /// botocore signs the same requests at the same time.
    private static let script = """
        import json, sys
        import botocore.auth, botocore.awsrequest, botocore.credentials, datetime
        class Fixed(datetime.datetime):
            @classmethod
            def utcnow(cls): return cls(2026, 1, 2, 3, 4, 5)
            @classmethod
            def now(cls, tz=None): return cls(2026, 1, 2, 3, 4, 5, tzinfo=tz)
        if hasattr(botocore.auth, "get_current_datetime"):
            botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime(2026, 1, 2, 3, 4, 5)
        botocore.auth.datetime = type("m", (), {"datetime": Fixed, "timezone": datetime.timezone})
        for s in json.load(sys.stdin):
            headers = {"Host": "f.lambda-url.eu-central-1.on.aws"}
            if s["type"]: headers["Content-Type"] = s["type"]
            request = botocore.awsrequest.AWSRequest(
                method=s["method"], url="https://f.lambda-url.eu-central-1.on.aws" + s["target"],
                data=s["body"].encode(), headers=headers)
            credentials = botocore.credentials.Credentials("AKIDEXAMPLE", "secret/key+", s["token"])
            import hashlib
            request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(s["body"].encode()).hexdigest()
            botocore.auth.SigV4Auth(credentials, "lambda", "eu-central-1").add_auth(request)
            print(request.headers["Authorization"])
        """

    @Test("signatures are those of botocore")
    func botocore() async throws {
        let venv =
            ProcessInfo.processInfo.environment["SALLYPORT_TEST_VENV"]
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".venv-test").path
        let python = "\(venv)/bin/python3"
        try #require(FileManager.default.isExecutableFile(atPath: python), "scripts/test-venv.sh makes \(venv)")
        let input = JSONValue.array(
            Self.samples.map { sample in
                [
                    "method": .string(sample.method), "target": .string(sample.target), "body": .string(sample.body),
                    "type": sample.type.map { .string($0) } ?? .null,
                    "token": sample.token.map { .string($0) } ?? .null,
                ]
            })
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.script]
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.canonicalBytes))
        try stdin.fileHandleForWriting.close()
        let output = String(decoding: stdout.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let expected = output.split(separator: "\n").map(String.init)
        try #require(expected.count == Self.samples.count)
        for (sample, authorization) in zip(Self.samples, expected) {
            #expect(try Self.sign(sample) == authorization, "\(sample.method) \(sample.target)")
        }
    }

    private static func sign(_ sample: Sample) throws -> String? {
        let time = try #require(Timestamp("2026-01-02T03:04:05.678Z"))
        var request = OutgoingRequest(
            method: sample.method, scheme: "https", authority: "f.lambda-url.eu-central-1.on.aws",
            target: sample.target, fields: sample.type.map { [(name: "Content-Type", value: $0)] } ?? [],
            body: ByteBuffer(string: sample.body))
        SigV4Credential.sign(
            &request, service: "lambda", region: "eu-central-1", accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: "secret/key+", sessionToken: sample.token, at: time)
        return request.fields.first { $0.name == "Authorization" }?.value
    }
}
