import Identifiers
import StrictJSON

/// An intent as it was written for one command of a form, cut at what differs in the next one: the digest, the
/// parameters and the text, the id and the time.
struct IntentTemplate {
    /// Where in an entry these stand, in bytes; strings without their quotes.
    struct Places {
        var digest = 0
        /// From the member `parameters`, where there is one, through the value of `text`.
        var values = 0..<0
        var id = 0
        var time = 0
    }

    private let entry: [UInt8]
    private let places: Places

    init(_ entry: [UInt8], _ places: Places) {
        self.entry = entry
        self.places = places
    }

    /// Writes the intent of another command of the form.
    ///
    /// - Parameter writeValues: Writes the parameters and the text, as `values` has them.
    func write(
        into writer: inout CanonicalJSONWriter, id: UUIDv7, time: Timestamp, digest: CommandDigest,
        writeValues: (inout CanonicalJSONWriter) -> Void
    ) {
        writer.continueWith(entry[..<places.digest])
        writer.appendPlain(CommandDigest.digitCount, digest.write)
        writer.continueWith(entry[(places.digest + CommandDigest.digitCount)..<places.values.lowerBound])
        writeValues(&writer)
        writer.continueWith(entry[places.values.upperBound..<places.id])
        writer.appendPlain(UUIDv7.characterCount, id.write)
        writer.continueWith(entry[(places.id + UUIDv7.characterCount)..<places.time])
        writer.appendPlain(Timestamp.characterCount, time.write)
        writer.continueWith(entry[(places.time + Timestamp.characterCount)...])
    }
}

extension CanonicalJSONWriter {
    mutating func write(_ id: UUIDv7) { writePlain(UUIDv7.characterCount, id.write) }
    mutating func write(_ time: Timestamp) { writePlain(Timestamp.characterCount, time.write) }
    mutating func write(_ digest: CommandDigest) { writePlain(CommandDigest.digitCount, digest.write) }
}
