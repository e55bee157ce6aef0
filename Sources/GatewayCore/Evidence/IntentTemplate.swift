import Identifiers
import StrictJSON

/// An intent as it was written for one command of a form, cut at what differs in the next one: the digest, the
/// parameters and the text, the id and the time.
struct IntentTemplate {
    /// Where in an entry these stand, in bytes; strings without their quotes.
    struct Places {
        /// The command's object.
        var command = 0
        var digest = 0
        /// From the member `parameters`, where there is one, through the value of `text`.
        var values = 0..<0
        var id = 0
        var time = 0
    }

    /// What stands before the digest, between it and the values, the id and the time, and behind that.
    private let pieces: [[UInt8]]
    /// Bytes of the command's object without the values.
    private let fixedCommandBytes: Int

    init(_ entry: [UInt8], _ places: Places) {
        func piece(_ range: Range<Int>) -> [UInt8] { Array(entry[range]) }
        pieces = [
            piece(0..<places.digest), piece((places.digest + CommandDigest.digitCount)..<places.values.lowerBound),
            piece(places.values.upperBound..<places.id),
            piece((places.id + UUIDv7.characterCount)..<places.time),
            piece((places.time + Timestamp.characterCount)..<entry.count),
        ]
        fixedCommandBytes = places.values.lowerBound - places.command + 1
    }

    /// Whether a command with this many bytes of values stands in its entry whole.
    func holds(valuesOf bytes: Int) -> Bool { fixedCommandBytes + bytes <= AuditSchema.largestCommand }

    /// Writes the intent of another command of the form.
    ///
    /// - Parameter writeValues: Writes the parameters and the text, as `values` has them.
    func write(
        into writer: inout CanonicalJSONWriter, id: UUIDv7, time: Timestamp, digest: CommandDigest,
        writeValues: (inout CanonicalJSONWriter) -> Void
    ) {
        writer.continueWith(pieces[0])
        writer.appendPlain(CommandDigest.digitCount, digest.write)
        writer.continueWith(pieces[1])
        writeValues(&writer)
        writer.continueWith(pieces[2])
        writer.appendPlain(UUIDv7.characterCount, id.write)
        writer.continueWith(pieces[3])
        writer.appendPlain(Timestamp.characterCount, time.write)
        writer.continueWith(pieces[4])
    }
}

extension CanonicalJSONWriter {
    mutating func write(_ id: UUIDv7) { writePlain(UUIDv7.characterCount, id.write) }
    mutating func write(_ time: Timestamp) { writePlain(Timestamp.characterCount, time.write) }
    mutating func write(_ digest: CommandDigest) { writePlain(CommandDigest.digitCount, digest.write) }
}
