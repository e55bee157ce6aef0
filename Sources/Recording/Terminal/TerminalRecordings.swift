import Foundation
import Identifiers
import Vault

/// A terminal recording that is there.
public struct TerminalRecordingListing: Sendable {
    public let header: TerminalRecordingHeader
    public let bytes: UInt64
    public let isBeingWritten: Bool
}

/// Where terminal recordings lie: `<yyyy-mm-dd>/<session>/<command>.cast`, in a folder beside the session's own recording
/// `<yyyy-mm-dd>/<session>.jsonl`, by the day on which the session started in UTC.
public enum TerminalRecordings {
    /// The path below the recordings' directory.
    public static func path(of command: UUIDv7, in session: UUIDv7) -> String {
        "\(folder(of: session))/\(command).cast"
    }

    /// The recordings of a session whose command's id comes after `after`, in the order of their beginnings; at most
    /// `limit`. What is there and cannot be read is left out.
    ///
    /// - Parameter place: Gives the place of a file by its path below the directory, where files may be sealed.
    public static func list(
        in directory: String, of session: UUIDv7, after: UUIDv7? = nil, limit: Int = .max,
        place: ((_ path: String) -> EvidencePlace)? = nil
    ) -> [TerminalRecordingListing] {
        let folder = "\(directory)/\(folder(of: session))"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var commands = names.compactMap { name -> UUIDv7? in
            guard name.hasSuffix(".cast") else { return nil }
            return UUIDv7(String(name.dropLast(5)))
        }
        if let after { commands.removeAll { $0 <= after } }
        var listings: [TerminalRecordingListing] = []
        for command in commands.sorted() where listings.count < limit {
            let path = Self.path(of: command, in: session)
            let found = place?(path) ?? EvidencePlace(path: "\(directory)/\(path)")
            guard let reader = try? TerminalRecordingReader(found) else { continue }
            listings.append(
                TerminalRecordingListing(
                    header: reader.header, bytes: reader.size, isBeingWritten: reader.isBeingWritten))
        }
        return listings
    }

    private static func folder(of session: UUIDv7) -> String { "\(day(of: session))/\(session)" }

    private static func day(of session: UUIDv7) -> String {
        String(Timestamp(milliseconds: session.milliseconds).description.prefix(10))
    }
}
