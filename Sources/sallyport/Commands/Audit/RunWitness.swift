import ArgumentParser
import Audit
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOPosix
import ServiceLifecycle

struct RunWitness: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Run a witness: cosign the checkpoints of logs that only grow (C2SP tlog-witness).",
        discussion: """
            Runs on another machine, best in another team's hands: then nobody who has the gateway's key and disk can \
            show one log to one examiner and another to the next. It keeps one checkpoint a log and needs no more than \
            the logs' public keys. Whoever asks for /<SHA-256 of the log's origin>/checkpoint gets the newest that it \
            cosigned. Checkpoints are public and signed; put a TLS proxy before it all the same.
            """)

    @Option(help: "Its name in cosignatures, best a URL without a scheme, as witness.example.com/w1.")
    var name: String

    @Option(help: "The public key of a log that it cosigns, or a file with it; may be given again.")
    var log: [String]

    @Option(help: "Its folder: its own key, made on the first start, and what it has seen.")
    var directory = "witness"

    @Option(help: "Address and port.")
    var listen = "127.0.0.1:7483"

    func perform() async throws {
        guard let colon = listen.lastIndex(of: ":"), let port = Int(listen[listen.index(after: colon)...]) else {
            throw CommandFailure("--listen takes an address and a port, as 127.0.0.1:7483", status: .usage)
        }
        let witness: Witness
        do {
            let logs = try log.map { try NoteVerifierKey(try AuditLocation.keyText($0)) }
            witness = try Witness(directory: directory, name: name, logs: logs)
        } catch let error as NoteError {
            throw CommandFailure("the log's key cannot be read: \(error)", status: .usage)
        } catch let error as AuditError {
            throw CommandFailure("the witness cannot start: \(error)", status: .unavailable)
        }
        print("\(witness.key)")
        let router = Router()
        router.post("/add-checkpoint") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 16)
            let time = UInt64(Date().timeIntervalSince1970)
            let answer = try await NIOThreadPool.singleton.runIfActive {
                witness.addCheckpoint(Array(body.readableBytesView), time: time)
            }
            return Self.response(answer)
        }
        router.get("/{log}/checkpoint") { _, context in
            let log = context.parameters.get("log") ?? ""
            // Off the event loop too: it waits while a checkpoint is being written.
            return Self.response(
                try await NIOThreadPool.singleton.runIfActive { witness.checkpoint(ofLog: log) })
        }
        let host = String(listen[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let logger = Logger.gateway(.notice)
        try await Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: nil), logger: logger
        ).run()
    }

    private static func response(_ answer: Witness.Answer) -> Response {
        Response(
            status: .init(code: answer.status), headers: [.contentType: answer.contentType],
            body: .init(byteBuffer: .init(string: answer.body)))
    }
}
