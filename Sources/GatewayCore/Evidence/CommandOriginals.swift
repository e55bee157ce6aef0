import Identifiers
import Masking
import Originals
import StrictJSON

/// Seals what masking takes from one command's answer, and keeps the digests for the log.
///
/// Belongs to the session's event loop.
final class CommandOriginals: OriginalsSink {
    /// Digests that wait for the outcome. More of them go into entries of their own, which name the chunks also if the
    /// gateway is killed before the command ends, and keep every entry within what the log takes.
    static let mostWaiting = 64

    let command: UUIDv7
    /// Of the masking rules, as they are written.
    let rules: String
    private let session: Session
    private let sealer: SessionSealer
    private var tap: OriginalsTap?
    private(set) var waiting: [SealedChunk] = []
    private var total = 0
    private var values = 0

    init(of command: UUIDv7, rules: String, in session: Session, by sealer: SessionSealer) {
        self.command = command
        self.rules = rules
        self.session = session
        self.sealer = sealer
    }

    /// The plan whose maskers feed these originals.
    func attached(to plan: MaskingPlan) -> MaskingPlan {
        let tap = OriginalsTap(sink: Unowned(self))
        self.tap = tap
        return plan.keepingOriginals(in: tap, on: session.lane.eventLoop)
    }

    /// Seals what is left. After this the sealed chunks are all there are.
    func finish() throws(OriginalsFailure) {
        defer { tap = nil }
        try tap?.finish()
    }

    func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure) {
        let redactor = session.lane.manager.parts.redactor
        do throws(OriginalsError) {
            waiting.append(try sealer.seal(chunk, of: command) { redactor.redact($0) ?? $0 })
        } catch {
            throw OriginalsFailure(reason: "\(error)")
        }
        total += 1
        values += chunk.fields.reduce(0) { $0 + $1.values }
        guard waiting.count >= Self.mostWaiting else { return }
        do {
            try session.writeOriginals(self)
        } catch {
            throw OriginalsFailure(reason: "the audit log does not take their digests (\(error))")
        }
        waiting.removeAll()
    }

    /// The member `originals` of an entry; nothing where nothing was sealed.
    func write(into writer: inout CanonicalJSONWriter, isLast: Bool) {
        guard total > 0 else { return }
        writer.name("originals")
        writer.beginObject()
        writer.name("chunks")
        writer.beginArray()
        for chunk in waiting {
            writer.beginObject()
            writer.name("sequence")
            writer.write(Int64(chunk.sequence))
            writer.name("sha256")
            writer.write(chunk.digest)
            writer.endObject()
        }
        writer.endArray()
        writer.name("file")
        writer.write(sealer.path)
        writer.name("head")
        writer.write(sealer.headDigest)
        writer.name("key")
        writer.write(sealer.header.key)
        writer.name("rules")
        writer.write(rules)
        if isLast {
            writer.name("total")
            writer.write(total)
            writer.name("values")
            writer.write(values)
        }
        writer.endObject()
    }
}

/// The plan, which adapters keep as long as they like, must not keep the session alive through its tap.
private final class Unowned: OriginalsSink {
    private weak var originals: CommandOriginals?

    init(_ originals: CommandOriginals) { self.originals = originals }

    func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure) {
        guard let originals else { throw OriginalsFailure(reason: "the command has its outcome already") }
        try originals.seal(chunk)
    }
}

extension Session {
    /// `kind: originals`: digests of chunks of a command that goes on.
    func writeOriginals(_ originals: CommandOriginals) throws {
        let now = lane.manager.parts.clock()
        try lane.append { writer in
            writer.beginObject()
            writer.name("command")
            writer.write(originals.command)
            endEntry(in: &writer, id: lane.newID(at: now), kind: "originals", at: now) { writer in
                originals.write(into: &writer, isLast: false)
            }
        }
    }
}
