import Foundation

/// SeaweedFS with its S3 gateway, in a folder that goes away with it.
final class ObjectStoreServer: Sendable {
    static let environment = ["S3_ID": "sallyport-id", "S3_KEY": "sallyport-key"]

    let url: String
    private let folder: URL
    private let process: RunningProcess

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("seaweed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("data"), withIntermediateDirectories: true)
        Leftovers.add(folder: folder)
        let identity = """
            {"identities": [{"name": "owner", "actions": ["Admin", "Read", "List", "Tagging", "Write"],
              "credentials": [{"accessKey": "sallyport-id", "secretKey": "sallyport-key"}]}]}
            """
        try identity.write(to: folder.appendingPathComponent("s3.json"), atomically: true, encoding: .utf8)
        let services = ["master", "volume", "filer", "s3"]
        let ports = try services.map { _ in try Tools.freePort() }
        // Left to itself gRPC listens ten thousand above each port, where the kernel puts clients.
        let chosen = try zip(services, ports).flatMap { service, port in
            ["-\(service).port=\(port)", "-\(service).port.grpc=\(try Tools.freePort())"]
        }
        url = "http://127.0.0.1:\(ports[3])"
        process = try RunningProcess(
            try Tools.python("weed"),
            [
                "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.config=s3.json",
                "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=20", "-master.volumeSizeLimitMB=64",
            ] + chosen, in: folder)
        try await Tools.waitForPort(ports[3], of: process)
        // It listens before its volumes are there.
        try await waitUntil(within: 60) { try await Self.run("make", url, "warming-up").status == 0 }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What a stock client of S3 does: a command of `object_lock.py`.
    func client(_ command: String, _ bucket: String, _ more: String...) async throws -> [String: Any] {
        try await PythonClient.run(
            "object_lock.py", [command, url, bucket] + more, environment: Self.environment)
    }

    private static func run(_ arguments: String...) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("object_lock.py")] + arguments, environment: environment)
    }
}
