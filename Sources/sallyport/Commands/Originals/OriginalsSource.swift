import Audit
import Foundation
import GatewayCore
import Identifiers
import Originals
import Retention
import StrictJSON
import Vault

/// Where `audit open` gets the log's words and the sealed file from.
protocol OriginalsSource {
    /// What the log says of the command that `entry` names, by index or id.
    func logged(_ entry: String) async throws -> LoggedOriginals
    /// A file of this machine that holds the sealed originals.
    func place(of file: String, for logged: LoggedOriginals) async throws -> EvidencePlace
    /// The file is not needed any more.
    func release(_ place: EvidencePlace)
}

/// What the name of a file of sealed originals says: `<day>/<session>-<part>.sealed`.
struct SealedFileName {
    let session: UUIDv7
    let part: String

    /// `nil` where `path` is of another form.
    init?(_ path: String) {
        let name = path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
        guard let dash = name.lastIndex(of: "-"), let session = UUIDv7(String(name[..<dash])) else { return nil }
        self.session = session
        part = String(name[name.index(after: dash)...])
    }
}

extension LoggedOriginals {
    /// For messages: the command, and its session where the log names a file.
    var name: String {
        let session = file.flatMap(SealedFileName.init).map { " of session \($0.session)" } ?? ""
        return "command \(command)\(session)"
    }

    /// Says so where the log has the originals sealed to another key than this: then there is no use in asking for them.
    func requireSealed(to key: AuditorPublicKey) throws(CommandFailure) {
        guard let sealedTo = self.key, !key.id.isExactly(sealedTo) else { return }
        throw CommandFailure(
            "the originals of \(name) are sealed to the key \(sealedTo), and --key has the private key of \(key.id): "
                + "give the one that belongs to \(sealedTo)", status: .negative)
    }
}

/// The state folder, or a copy of it.
struct LocalOriginals: OriginalsSource {
    let reader: AuditReader
    /// The state folder.
    let state: String

    func logged(_ entry: String) async throws -> LoggedOriginals {
        do throws(AuditError) {
            var found: AuditEntry?
            if let index = UInt64(entry) { found = try reader.entry(at: index) }
            if let id = UUIDv7(entry) { found = try reader.entry(id: id) }
            var masking = SessionMasking()
            if let command = found.flatMap({ try? JSONValue(parsing: $0.bytes, within: .ownRecord) })?.namedCommand,
                try SessionTrail(reader: reader).forEach(of: command, { masking.add($0) })
            {
                return masking.originals(of: command)
            }
        } catch {
            throw CommandFailure(error, "the log cannot be read")
        }
        throw CommandFailure.noCommand(entry)
    }

    func place(of file: String, for logged: LoggedOriginals) async throws -> EvidencePlace {
        let place = EvidencePlace(state: state, kind: .originals, path: file)
        guard !FileManager.default.fileExists(atPath: place.path) else { return place }
        let all: [Deletion]
        do throws(AuditError) {
            all = try EvidenceCheck.deletions(in: reader)
        } catch {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
        let deletion = Deletions.load(all, state: state).found.deletion(
            of: "\(EvidenceKind.originals.rawValue)/\(file)")
        guard let deletion else { return place }
        throw CommandFailure(
            "the originals of command \(logged.command) were \(deletion.sentence)", status: .negative)
    }

    func release(_ place: EvidencePlace) {}
}

/// A running gateway, by its console.
struct RemoteOriginals: OriginalsSource {
    let client: ConsoleClient
    let reason: String

    func logged(_ entry: String) async throws -> LoggedOriginals {
        let named = try await client.get("/api/v1/audit/entries/\(PathPart(entry))")
        guard let command = named["entry"]?.namedCommand else { throw CommandFailure.noCommand(entry) }
        let intent = try await client.get("/api/v1/audit/entries/\(PathPart(command.description))")
        guard let session = intent["entry"]?["session"]?.string, var next = intent["index"]?.integer else {
            throw CommandFailure.noCommand(entry)
        }
        var masking = SessionMasking()
        while true {
            let page = try await client.get(
                "/api/v1/audit/entries", query: [("from", String(next)), ("limit", "200")])
            let entries = page["entries"]?.array ?? []
            for entry in entries.compactMap({ $0["entry"] }) where entry["session"]?.string == session {
                masking.add(entry)
                let isOver = entry["kind"]?.string == "outcome" && entry.namedCommand == command
                if isOver { return masking.originals(of: command) }
            }
            guard page["next_cursor"]?.string != nil, !entries.isEmpty else { return masking.originals(of: command) }
            next += Int64(entries.count)
        }
    }

    func place(of file: String, for logged: LoggedOriginals) async throws -> EvidencePlace {
        guard let name = SealedFileName(file) else {
            throw CommandFailure("the log names a file that is none of sealed originals", status: .negative)
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sealed").path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("\(path) cannot be written: \(String(cString: strerror(errno)))", status: .unavailable)
        }
        do {
            try await client.download(
                "/api/v1/sessions/\(name.session)/originals",
                posting: [
                    "command": .string(logged.command.description), "justification": .string(reason),
                    "part": .string(name.part),
                ], to: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
        } catch {
            unlink(path)
            throw error
        }
        return EvidencePlace(path: path)
    }

    func release(_ place: EvidencePlace) { unlink(place.path) }
}

extension JSONValue {
    /// The command that an entry is about.
    fileprivate var namedCommand: UUIDv7? {
        let text = self["kind"]?.string == "intent" ? self["id"]?.string : self["command"]?.string
        return text.flatMap { UUIDv7($0) }
    }
}

extension SessionMasking {
    fileprivate func originals(of command: UUIDv7) -> LoggedOriginals {
        commands.first { $0.originals.command == command }?.originals ?? LoggedOriginals(command: command)
    }
}

extension CommandFailure {
    fileprivate static func noCommand(_ entry: String) -> CommandFailure {
        CommandFailure("the log has no command \(Terminal.plain(entry))", status: .negative)
    }
}
