import ArgumentParser
import Audit
import ConfigFile
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
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
            cosigned. Checkpoints are public and signed; put a TLS proxy before it all the same. Prints its public key, \
            and says on standard error when it listens.
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
        guard let address = ConfigAddress(listen) else {
            throw CommandFailure(
                "\"\(Terminal.plain(listen))\" is no address: --listen takes a host and a port from 0 to 65535, as "
                    + "127.0.0.1:7483", status: .usage)
        }
        let witness: Witness
        do {
            let logs = try log.map { try NoteVerifierKey(try AuditLocation.keyText($0, of: .log)) }
            witness = try Witness(directory: directory, name: name, logs: logs)
        } catch let error as NoteError {
            throw CommandFailure("the log's key cannot be read: \(error)", status: .usage)
        } catch AuditError.witnessNameInvalid(let name) {
            throw CommandFailure("\(AuditError.witnessNameInvalid(name))", status: .usage)
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
        let logger = Logger.gateway(.notice)
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(address.host, port: address.port), serverName: nil),
            onServerRunning: { channel in
                // Where any free port was asked for, which one it is.
                let place = address.port == 0 ? channel.localAddress.map { "\($0)" } ?? "\(address)" : "\(address)"
                logger.notice("listens on \(place), key \(witness.key)")
            }, logger: logger)
        do {
            try await application.run()
        } catch {
            let reason =
                error is SocketAddressError ? "the host cannot be resolved" : CommandHTTP.reason(error)
            throw CommandFailure(
                "the witness cannot listen on \(address) (\(reason)): give another address with --listen, or stop what "
                    + "listens there", status: .unavailable)
        }
    }

    private static func response(_ answer: Witness.Answer) -> Response {
        Response(
            status: .init(code: answer.status), headers: [.contentType: answer.contentType],
            body: .init(byteBuffer: .init(string: answer.body)))
    }
}
