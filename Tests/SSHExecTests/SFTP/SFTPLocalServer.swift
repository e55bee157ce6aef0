import Foundation
import NIOCore

@testable import SSHExec

/// OpenSSH's `sftp` and `sftp-server` on this machine with a relay between them, and no SSH.
///
/// `sftp -D` speaks with a program's standard input and output. Here the program is two `cat`s on named pipes, whose
/// other ends the relay's pump holds.
struct SFTPLocalServer {
    static let serverPath = "/usr/lib/openssh/sftp-server"
    static let clientPath = "/usr/bin/sftp"

    static var isInstalled: Bool {
        [serverPath, clientPath].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    struct Result {
        var exitStatus: Int32 = -1
        var output = ""
        var requests: [SFTPRequest] = []
        var outcomes: [SFTPDecisionID: SFTPOutcome] = [:]
        var permitted: [(decision: SFTPDecisionID, request: SFTPRequest)] = []
        var violation: SFTPViolation?

        /// Of the first such request.
        func outcome(of operation: SFTPOperation, _ path: String) -> SFTPOutcome? {
            let found = permitted.first { entry in
                entry.request.operations.contains(operation) && entry.request.paths.contains { $0.normalised == path }
            }
            return found.flatMap { outcomes[$0.decision] }
        }
    }

    /// A folder of its own, which holds the host's files in `host` and the caller's in `caller`.
    let folder: URL
    let host: URL
    let caller: URL

    init() throws {
        // The real path: the host tells its own as such.
        let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        folder = temporary.appendingPathComponent("sftp-relay-\(UUID().uuidString)")
        host = folder.appendingPathComponent("host")
        caller = folder.appendingPathComponent("caller")
        try FileManager.default.createDirectory(at: host, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: caller, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// Runs a batch of `sftp` commands.
    func run(_ batch: [String], verdict: (SFTPRequest) -> SFTPConversation.Verdict) throws -> Result {
        // A side that has ended shows by what write answers.
        signal(SIGPIPE, SIG_IGN)
        let toRelay = folder.appendingPathComponent("to-relay").path
        let toClient = folder.appendingPathComponent("to-client").path
        for pipe in [toRelay, toClient] where mkfifo(pipe, 0o600) != 0 { throw POSIXError(.EEXIST) }
        // Open for reading and writing where else the call would wait for the other side.
        let fromClient = open(toRelay, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let client = open(toClient, O_RDWR | O_CLOEXEC)

        let script = folder.appendingPathComponent("connect.sh")
        try "cat '\(toClient)' &\nexec cat > '\(toRelay)'\n".write(to: script, atomically: true, encoding: .utf8)
        let batchFile = folder.appendingPathComponent("batch")
        try batch.joined(separator: "\n").appending("\n").write(to: batchFile, atomically: true, encoding: .utf8)

        let server = Process()
        let serverInput = Pipe()
        let serverOutput = Pipe()
        server.executableURL = URL(fileURLWithPath: Self.serverPath)
        server.arguments = ["-d", host.path]
        server.standardInput = serverInput
        server.standardOutput = serverOutput
        server.standardError = FileHandle.nullDevice

        let sftp = Process()
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        let logHandle = try FileHandle(forWritingTo: log)
        sftp.executableURL = URL(fileURLWithPath: Self.clientPath)
        sftp.arguments = ["-b", batchFile.path, "-D", "/bin/sh \(script.path)"]
        sftp.currentDirectoryURL = caller
        sftp.standardInput = FileHandle.nullDevice
        sftp.standardOutput = logHandle
        sftp.standardError = logHandle

        try server.run()
        try sftp.run()
        // The pump's own ends only, so that each side sees the other's end.
        try serverInput.fileHandleForReading.close()
        try serverOutput.fileHandleForWriting.close()
        let watchdog = DispatchWorkItem {
            sftp.terminate()
            server.terminate()
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + 50, execute: watchdog)
        var pump = SFTPPump(
            fromClient: fromClient, toClient: client, fromServer: serverOutput.fileHandleForReading.fileDescriptor,
            server: serverInput.fileHandleForWriting)
        pump.run(verdict)
        // Foundation waits also for what the program has started: the `cat` that reads here must see the end first.
        for descriptor in [fromClient, client] { close(descriptor) }
        sftp.waitUntilExit()
        server.waitUntilExit()
        watchdog.cancel()
        var result = pump.result
        result.exitStatus = sftp.terminationStatus
        result.output = String(decoding: try Data(contentsOf: log), as: UTF8.self)
        return result
    }
}

/// Carries bytes between two programs and a relay until the server has ended.
private struct SFTPPump {
    let fromClient: Int32
    let toClient: Int32
    let fromServer: Int32
    let server: FileHandle
    var result = SFTPLocalServer.Result()
    private var relay = SFTPRelay()
    private var serverInputIsOpen = true

    init(fromClient: Int32, toClient: Int32, fromServer: Int32, server: FileHandle) {
        self.fromClient = fromClient
        self.toClient = toClient
        self.fromServer = fromServer
        self.server = server
    }

    mutating func run(_ verdict: (SFTPRequest) -> SFTPConversation.Verdict) {
        var polled = [fromClient, fromServer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while polled[1].fd >= 0 {
            guard poll(&polled, 2, 55_000) > 0 else { break }
            if polled[0].fd >= 0, polled[0].revents != 0 {
                if let bytes = Self.read(fromClient) {
                    relay.receive(fromCaller: bytes)
                } else {
                    relay.callerEnded()
                    polled[0].fd = -1
                }
            }
            if polled[1].revents != 0 {
                if let bytes = Self.read(fromServer) {
                    relay.receive(fromHost: bytes)
                } else {
                    relay.hostEnded()
                    polled[1].fd = -1
                }
            }
            act(verdict)
            if relay.callerIsGone || result.violation != nil { closeServer() }
        }
        closeServer()
    }

    private mutating func closeServer() {
        if serverInputIsOpen { try? server.close() }
        serverInputIsOpen = false
    }

    private mutating func act(_ verdict: (SFTPRequest) -> SFTPConversation.Verdict) {
        do throws(SFTPViolation) {
            while let action = try relay.nextAction() {
                switch action {
                case .sendToHost(let packet): if serverInputIsOpen { Self.write(packet, to: server.fileDescriptor) }
                case .sendToCaller(let packet): Self.write(packet, to: toClient)
                case .withdrawn: break
                case .finished(let decision, let outcome): result.outcomes[decision] = outcome
                case .decide(let decision, let request):
                    result.requests.append(request)
                    switch verdict(request) {
                    case .permit:
                        result.permitted.append((decision, request))
                        relay.permit(decision)
                    case .mask(let masker):
                        result.permitted.append((decision, request))
                        relay.permit(decision, content: masker)
                    case .refuse(let message): relay.refuse(decision, message: message)
                    case .wait: break
                    }
                }
            }
        } catch {
            result.violation = error
        }
    }

    private static func read(_ descriptor: Int32) -> ByteBuffer? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        return count > 0 ? ByteBuffer(bytes: bytes[..<count]) : nil
    }

    private static func write(_ packet: ByteBuffer, to descriptor: Int32) {
        var rest = packet.readableBytesView[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
