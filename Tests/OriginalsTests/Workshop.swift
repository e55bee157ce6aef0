import Crypto
import Foundation
import Identifiers
import Masking
import NIOCore
import NIOEmbedded
import Vault

@testable import Originals

/// Seals real maskers' originals into a folder that goes away.
final class Workshop {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("originals-\(UUID().uuidString)").path
    let key = AuditorPrivateKey()
    let session = UUIDv7(milliseconds: 1_764_000_000_000)
    let file: GrowingFile

    init(_ file: GrowingFile = .system) { self.file = file }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func sealer(part: Int = 1, session: UUIDv7? = nil) throws -> SessionSealer {
        try OriginalsStore(directory: directory, key: key.publicKey, log: "gate.example/log", file: file)
            .begin(session: session ?? self.session, part: part)
    }

    /// Masks `{"ssn":…}` for each of the texts, and seals them as one chunk of `command`.
    func seal(_ texts: [String], of command: UUIDv7, by sealer: SessionSealer) throws -> [SealedChunk] {
        final class Sink: OriginalsSink {
            let sealer: SessionSealer
            let command: UUIDv7
            var chunks: [SealedChunk] = []
            var error: OriginalsError?

            init(_ sealer: SessionSealer, _ command: UUIDv7) {
                self.sealer = sealer
                self.command = command
            }

            func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure) {
                do throws(OriginalsError) {
                    chunks.append(try sealer.seal(chunk, of: command))
                } catch {
                    self.error = error
                    throw OriginalsFailure(reason: "\(error)")
                }
            }
        }
        let sink = Sink(sealer, command)
        let loop = EmbeddedEventLoop()
        let rule = MaskingRule(selector: .field("ssn"), transform: .redact)
        let plan = try MaskingCatalog(
            ruleSets: [MaskingRuleSet(name: "pii", rules: [rule])], pseudonymKey: SymmetricKey(size: .bits256)
        ).plan(["pii"]).keepingOriginals(in: OriginalsTap(sink: sink), on: loop)
        for text in texts {
            var masker = try StreamMasker(plan: plan, format: .json)
            _ = try masker.mask(ByteBuffer(string: #"{"ssn":"\#(text)"}"#))
            _ = try masker.finish()
        }
        do {
            try plan.sealOriginals()
        } catch {
            throw sink.error ?? .broken(path: "")
        }
        return sink.chunks
    }

    var place: @Sendable (String) -> EvidencePlace {
        { [directory] in EvidencePlace(path: "\(directory)/\($0)") }
    }

    func path(part: Int = 1) -> String { "\(directory)/\(OriginalsStore.path(session: session, part: part))" }

    func contents() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path()))) }

    func replace(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path())) }

    /// The frames of the file, the first among them.
    func frames() throws -> [[UInt8]] {
        let bytes = try contents()
        var frames: [[UInt8]] = []
        var index = 0
        func length(_ start: Int) -> Int { bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
        while index < bytes.count {
            let header = length(index)
            let end = index + 8 + header + length(index + 4 + header)
            frames.append(Array(bytes[index..<end]))
            index = end
        }
        return frames
    }

    /// What can be opened, until something cannot.
    func opened(_ key: AuditorPrivateKey? = nil) throws -> (values: [String], error: OriginalsError?) {
        var values: [String] = []
        do throws(OriginalsError) {
            var opener = try OriginalsOpener(SealedOriginalsReader(path: path()), key: key ?? self.key)
            while let chunk = try opener.next() {
                values += chunk.records.map { "\($0.field.name)=\(String(decoding: $0.bytes, as: UTF8.self))" }
            }
            return (values, nil)
        } catch {
            return (values, error)
        }
    }
}
