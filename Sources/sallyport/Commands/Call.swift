import ArgumentParser
import AsyncHTTPClient
import ConfigFile
import Foundation
import GatewayCore
import NIOCore
import StrictJSON

struct Call: ReportingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a function through the gateway.",
        discussion: """
            sallyport call payments/customers/c-17
            sallyport call payments/refund -d '{"amount":12}' --justify "goods came back" --wait

            The answer's body goes to standard output. Exit status: 0 for an answer 2xx, 75 when people have to decide \
            first, 77 when it was refused, 69 when nothing answered, 1 for any other status.
            """)

    @Argument(help: "Target and path, e.g. payments/refund.")
    var path: String

    @Option(name: [.customShort("X"), .long], help: "The method: GET, or POST with data.")
    var method: String?

    @Option(name: [.customShort("d"), .long], help: "The body; @FILE reads it from a file, @- from standard input.")
    var data: String?

    @Option(name: [.customShort("H"), .customLong("header")], help: "A header, as 'Name: value'.")
    var headers: [String] = []

    @Option(help: "Why you need it, for the approvers.")
    var justify: String?

    @Flag(help: "Wait for the approval that the call needs, then call again.")
    var wait = false

    @Flag(name: .shortAndLong, help: "Print status and headers too.")
    var include = false

    @Option(
        help: ArgumentHelp(
            "The gateway's URL.",
            discussion: "Without it: SALLYPORT_GATEWAY, the configuration's first HTTP listener, what `login` was told."
        ))
    var gateway: String?

    @Option(name: .shortAndLong, help: "The configuration file, where there is one.")
    var config = "sallyport.yaml"

    func perform() async throws {
        let url = try url()
        try CommandHTTP.requireSafe(url)
        let call = FunctionCall(
            url: url, method: method ?? (data == nil ? "GET" : "POST"), headers: try fields(), body: try body(),
            token: try await CredentialFile.token(), http: try CommandHTTP.client())
        var response = try await call.send()
        if response.status.code == 202, let poll = response.headers.first(name: "Location"),
            poll.contains("/.sallyport/approvals/")
        {
            let ticket = try await FunctionCall.document(response)
            let needed = ticket["requires"]?.array?.compactMap(\.string).joined(separator: "; ") ?? "an approval"
            Terminal.note("waiting for \(Terminal.plain(needed)), ticket \(ticket.text("ticket"))")
            if let page = ticket["approve"]?.string { Terminal.note("to approve: \(Terminal.plain(page))") }
            guard wait else {
                throw CommandFailure(
                    "the call waits for an approval; --wait waits with it, or send the same call again later",
                    status: .pending)
            }
            try await call.waitForApproval(at: poll)
            response = try await call.send()
        }
        try await show(response, of: call)
    }

    private func show(_ response: HTTPClientResponse, of call: FunctionCall) async throws {
        let status = Int(response.status.code)
        if include {
            print("HTTP \(status) \(response.status.reasonPhrase)")
            for (name, value) in response.headers { print("\(name): \(value)") }
            print("")
        }
        if status >= 400, !include, response.headers.first(name: "Content-Type") == "application/problem+json" {
            let body = (try? await response.body.collect(upTo: 1 << 20)) ?? ByteBuffer()
            throw CommandFailure(status: status, problem: body, from: call.url)
        }
        do {
            for try await part in response.body {
                try FileHandle.standardOutput.write(contentsOf: Data(part.readableBytesView))
            }
        } catch {
            throw CommandFailure("the answer broke off: \(error)", status: .unavailable)
        }
        switch status {
        case 200..<300: return
        case 401, 403: throw CommandFailure("refused with status \(status)", status: .refused)
        case 502, 503, 504: throw CommandFailure("status \(status): try again later", status: .unavailable)
        default: throw CommandFailure("status \(status)", status: .negative)
        }
    }

    private func url() throws -> String {
        let base = try gateway ?? ProcessInfo.processInfo.environment["SALLYPORT_GATEWAY"] ?? configured()
        return (base.hasSuffix("/") ? String(base.dropLast()) : base) + (path.hasPrefix("/") ? path : "/\(path)")
    }

    private func configured() throws -> String {
        guard FileManager.default.fileExists(atPath: config) else {
            return try CredentialFile.standard.load()?.gateway ?? "http://127.0.0.1:7480"
        }
        let configuration = try GatewayConfiguration.load(path: config, registry: .all())
        for listener in configuration.listeners where listener.kind == "http" {
            guard let address = listener.section.addresses.first else { continue }
            let isSecure = listener.section.declares("tls") && listener.section.has("tls")
            return "\(isSecure ? "https" : "http")://\(address.address)"
        }
        throw CommandFailure("no listener in \(config) speaks HTTP; name the gateway with --gateway", status: .usage)
    }

    private func fields() throws -> [(String, String)] {
        var fields = try headers.map { line -> (String, String) in
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw CommandFailure("a header is written 'Name: value', not '\(line)'", status: .usage)
            }
            return (String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        if data != nil, !fields.contains(where: { $0.0.lowercased() == "content-type" }) {
            fields.append(("Content-Type", "application/json"))
        }
        if let justify { fields.append(("Sallyport-Justification", justify)) }
        return fields
    }

    private func body() throws -> [UInt8]? {
        guard let data else { return nil }
        guard data.hasPrefix("@") else { return Array(data.utf8) }
        let name = String(data.dropFirst())
        if name == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let contents = FileManager.default.contents(atPath: name) else {
            throw CommandFailure("\(name) cannot be read", status: .usage)
        }
        return Array(contents)
    }
}
