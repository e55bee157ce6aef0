import AsyncHTTPClient
import Foundation
import NIOCore
import StrictJSON

/// The recording of one command's terminal, as the console lists it.
struct RecordedTerminal {
    let session: PathPart
    let command: PathPart
    let json: JSONValue

    /// - Parameter command: Only that of this command.
    static func all(
        of session: PathPart, command: String? = nil, client: ConsoleClient
    ) async throws -> [RecordedTerminal] {
        let listed = try await client.all(
            "/api/v1/sessions/\(session)/recordings", member: "recordings", atMost: .max)
        let all = try listed.map {
            RecordedTerminal(session: session, command: try PathPart($0.text("command")), json: $0)
        }
        guard let command else { return all }
        guard let found = all.first(where: { $0.command.description.utf8.elementsEqual(command.lowercased().utf8) })
        else {
            throw CommandFailure(
                "the session has no terminal recording of command \(Terminal.plain(command)); "
                    + "`sallyport sessions recordings \(session)` lists those it has", status: .negative)
        }
        return [found]
    }

    var isOpen: Bool { json["open"]?.bool ?? false }
    var path: String { "/api/v1/sessions/\(session)/recordings/\(command)" }

    /// What ran, on one line.
    var text: String { json["text"]?.string.map { Terminal.plain($0) } ?? "(shell)" }
}

/// A recording on this machine, for as long as this object lives.
final class DownloadedRecording {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)")
        .path
    private let file: FileHandle

    init(_ path: String, client: ConsoleClient) async throws {
        let descriptor = open(self.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("\(self.path) cannot be written; is the disk full?", status: .unavailable)
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try await client.download(path, to: file)
    }

    deinit { unlink(path) }

    /// Gives `use` the file's path, which is gone once nobody holds this object.
    func withPath(_ use: (String) async throws -> Void) async throws {
        defer { withExtendedLifetime(self) {} }
        try await use(path)
    }

    /// Writes all of it to `output`, as it is.
    func copy(to output: FileHandle) throws {
        try file.seek(toOffset: 0)
        while let part = try file.read(upToCount: 1 << 16), !part.isEmpty { try output.write(contentsOf: part) }
    }
}

extension ConsoleClient {
    /// Gives `take` a terminal recording's bytes as they come, until it ends.
    func follow(_ recording: RecordedTerminal, _ take: (ByteBufferView) async throws -> Void) async throws {
        var request = HTTPClientRequest(url: "\(base)\(recording.path)?follow=true")
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response: HTTPClientResponse
        do {
            // The time is for the answer's head; a terminal may be quiet for long.
            response = try await http.execute(request, timeout: .seconds(60))
        } catch {
            throw CommandHTTP.unreachable("the console", base, error)
        }
        guard response.status == .ok else {
            let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
            throw CommandFailure(status: Int(response.status.code), problem: body, from: base)
        }
        var parts = response.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw CommandFailure("the answer broke off (\(error)); run the command again", status: .unavailable)
            }
            guard let part else { return }
            try await take(part.readableBytesView)
        }
    }
}
