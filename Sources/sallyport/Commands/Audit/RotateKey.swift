import ArgumentParser
import Audit
import Foundation
import Identifiers
import StrictJSON

struct RotateKey: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Give the log a new signing key, while the gateway is down.",
        discussion: """
            The log gets an entry that the old key and the new one both sign. For the overlap its checkpoints carry both \
            signatures, so that verifiers, witnesses and mirrors that know either key go on: give them the new one \
            meanwhile. Afterwards the old private key is destroyed, and `sallyport audit verify` still follows the log \
            from the old public key to the new one. No more than two keys sign at once: while a key still retires from an \
            earlier rotation the command is refused.
            """)

    @Option(help: "How many days both keys sign; 0 where the old key must not be trusted any longer.")
    var overlapDays = 30

    @Flag(
        help: "End an earlier rotation's overlap now: those who know its old key alone are served no longer.")
    var endOverlap = false

    @Option(help: "Why, for the record.")
    var reason: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard (0...3650).contains(overlapDays) else { throw ValidationError("--overlap-days is from 0 to 3650") }
        guard reason.map({ $0.utf8.count <= 4096 }) ?? true else {
            throw ValidationError("--reason has at most 4096 bytes")
        }
    }

    func perform() async throws {
        let configuration = try options.load(try .all())
        guard FileManager.default.fileExists(atPath: "\(configuration.auditDirectory)/checkpoint") else {
            throw CommandFailure(
                "there is no log in \(configuration.auditDirectory) yet; the first start makes one, with its first key",
                status: .unavailable)
        }
        do throws(AuditError) {
            let rotated = try AuditLog.rotateKey(
                configuration.auditOptions(.gateway(.warning)), overlap: .seconds(overlapDays * 86_400),
                endingOverlap: endOverlap, reason: reason)
            let rotation = rotated.rotation
            format.print([
                "old": .string(rotation.old.description), "new": .string(rotation.new.description),
                "entry": .number(String(rotation.treeSize)), "overlap_until": .string(rotated.until.description),
                "tree_size": .number(String(rotated.checkpoint.treeSize)),
            ]) {
                """
                rotated in entry \(rotation.treeSize); \(signing(until: rotated.until))
                old key: \(rotation.old)
                new key: \(rotation.new)
                Give the new key to those who verify, to witnesses (`sallyport witness --log OLD --log NEW`) and to mirrors.
                """
            }
        } catch {
            if case .directoryInUse = error {
                throw CommandFailure("\(error); stop it, rotate, and start it again", status: .unavailable)
            }
            if case .rotationUnfinished = error { throw CommandFailure("\(error)", status: .unavailable) }
            if case .overlapLasts = error {
                throw CommandFailure(
                    "\(error); rotate after that, or give --end-overlap to have it sign nothing more from now on",
                    status: .refused)
            }
            throw CommandFailure("the key cannot be rotated: \(error)", status: .unavailable)
        }
    }

    private func signing(until end: Timestamp) -> String {
        overlapDays == 0
            ? "the old key signs nothing more, and its private half was destroyed" : "both keys sign until \(end)"
    }
}
