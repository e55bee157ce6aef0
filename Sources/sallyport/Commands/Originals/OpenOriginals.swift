import ArgumentParser
import Audit
import Foundation
import GatewayCore
import Identifiers
import Masking
import Originals
import StrictJSON
import Vault

struct OpenOriginals: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Open what masking took from a command's answer, with the auditor's private key.",
        discussion: """
            Reads the files of the state folder, or a copy of them. With --console they come from the gateway, which \
            records who asked and why before it gives them out; the private key stays on this machine either way.
            """)

    @Argument(help: "The command's id, or the index or id of one of its entries.")
    var entry: String

    @Option(help: "The file of the private key that `sallyport audit keygen` made.")
    var key: String

    @Option(help: "Why: recorded where the gateway gives the originals out.")
    var reason: String

    @Option(help: "The console's URL: ask the gateway instead of reading its files.")
    var console: String?

    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw CommandFailure("--reason says why the originals are opened; it cannot be empty", status: .usage)
        }
        let key = try privateKey()
        let source: any OriginalsSource =
            if let console {
                RemoteOriginals(
                    client: try ConsoleClient(at: console, token: await CredentialFile.token()), reason: reason)
            } else {
                LocalOriginals(
                    reader: AuditReader(directory: try location.resolvedDirectory()),
                    state: try location.stateDirectory())
            }
        let logged = try await source.logged(entry)
        guard let file = logged.file else {
            throw CommandFailure(
                "nothing was sealed of command \(logged.command): nothing was masked, or no auditor key was configured",
                status: .negative)
        }
        // Before anything is asked for: what cannot be opened need not be on record as given out.
        try logged.requireSealed(to: key.publicKey)
        if console == nil {
            Terminal.note("Opened from files: this is recorded nowhere. With --console the gateway records it.")
        }
        let place = try await source.place(of: file, for: logged)
        var printer = OriginalsPrinter(isJSON: format.output == .json)
        do throws(OriginalsError) {
            try Self.open(place, logged, with: key, into: &printer)
        } catch {
            printer.finish()
            source.release(place)
            // What the gateway gave lies in a file that is gone by now.
            let told = console == nil ? error : error.naming(file)
            throw CommandFailure("originals of \(logged.name): \(told)", status: .negative)
        }
        printer.finish()
        source.release(place)
        guard printer.missing(of: logged) == 0 else {
            throw CommandFailure(
                "the log names \(printer.missing(of: logged)) chunks of this command that are not in the file; "
                    + "`sallyport audit check-masking` says which", status: .negative)
        }
    }

    private static func open(
        _ place: EvidencePlace, _ logged: LoggedOriginals, with key: AuditorPrivateKey,
        into printer: inout OriginalsPrinter
    ) throws(OriginalsError) {
        let reader = try SealedOriginalsReader(place)
        var opener = try OriginalsOpener(reader, key: key)
        let named = Set(logged.chunks.map(\.digest))
        while let (chunk, header, records) = try opener.next() {
            guard header.command == logged.command else { continue }
            printer.print(records, isLogged: named.contains(chunk.digest))
        }
        if reader.endsTorn {
            Terminal.note("The file ends within a chunk: the gateway was killed while it wrote it, or is writing it.")
        }
    }

    private func privateKey() throws -> AuditorPrivateKey {
        guard let data = FileManager.default.contents(atPath: key), data.count < 4096 else {
            throw CommandFailure(
                "there is no private key in \(Terminal.plain(key)); --key takes the file of `sallyport audit keygen`",
                status: .unavailable)
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            return try AuditorPrivateKey(parsing: text)
        } catch {
            throw CommandFailure("\(Terminal.plain(key)) is no private key: \(error)", status: .usage)
        }
    }
}

/// Prints opened values, one a line.
private struct OriginalsPrinter {
    let isJSON: Bool
    private var hasHeading: Bool
    private var loggedChunks = 0
    private var unlogged = 0
    private var output = LineWriter()

    init(isJSON: Bool) {
        self.isJSON = isJSON
        hasHeading = isJSON
    }

    mutating func print(_ records: [OriginalsOpener.Record], isLogged: Bool) {
        if isLogged { loggedChunks += 1 } else { unlogged += 1 }
        for record in records {
            // The end of a value that came in parts.
            if record.bytes.isEmpty, !record.continues, wasContinued.remove(Place(record)) != nil { continue }
            if record.continues { wasContinued.insert(Place(record)) }
            if !hasHeading { try? output.write(Array("ROW\tPLACE\tRULE\tVALUE".utf8)) }
            hasHeading = true
            try? output.write(Array((isJSON ? json(record) : text(record)).utf8))
        }
    }

    private struct Place: Hashable {
        let field: OriginalsField
        let row: UInt64

        init(_ record: OriginalsOpener.Record) {
            field = record.field
            row = record.row
        }
    }

    private var wasContinued: Set<Place> = []

    private func text(_ record: OriginalsOpener.Record) -> String {
        "\(record.row)\t\(Terminal.plain(record.field.name))\t\(Terminal.plain(record.field.rule))\t"
            + "\(Terminal.plain(record.shown))\(record.continues ? "…" : "")"
    }

    private func json(_ record: OriginalsOpener.Record) -> String {
        var members = [
            JSONMember("row", .number(String(record.row))), JSONMember("place", .string(record.field.name)),
            JSONMember("rule", .string(record.field.rule)), JSONMember("selector", .string(record.field.selector)),
            JSONMember("encoding", .string(record.field.encoding.rawValue)),
        ]
        if let text = record.text {
            members.append(JSONMember("value", .string(text)))
        } else {
            members.append(JSONMember("base64", .string(Data(record.bytes).base64EncodedString())))
        }
        if record.continues { members.append(JSONMember("continues", true)) }
        return String(decoding: JSONValue.object(members).canonicalBytes, as: UTF8.self)
    }

    mutating func finish() {
        try? output.flush()
        if unlogged > 0 {
            Terminal.note(
                "\(unlogged) of the chunks are not named in the log: the gateway was killed before the command ended, "
                    + "or it runs.")
        }
    }

    func missing(of logged: LoggedOriginals) -> Int { max(0, logged.chunks.count - loggedChunks) }
}

extension OriginalsOpener.Record {
    /// What the bytes say; `nil` where they are not text.
    fileprivate var text: String? {
        switch field.encoding {
        case .text, .json, .bytes: String(validating: bytes, as: UTF8.self)
        case .integer where !continues:
            (1...8).contains(bytes.count)
                ? String(bytes.reduce(Int64(bytes[0] >= 0x80 ? -1 : 0)) { $0 << 8 | Int64($1) }) : nil
        case .float where bytes.count == 4:
            String(Float(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
        case .float where bytes.count == 8:
            String(Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) }))
        case .integer, .float: nil
        }
    }

    fileprivate var shown: String {
        text ?? "\\x" + bytes.hexadecimal
    }
}
