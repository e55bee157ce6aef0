import StrictJSON

/// Terminal recordings in the formats of others.
public enum AsciicastExport {
    /// Writes what is left in `reader` as asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/), which
    /// `asciinema` 2 plays: times since the start, and no exit status.
    ///
    /// - Parameter write: Takes one or more whole lines.
    public static func version2(
        _ reader: inout TerminalRecordingReader, to write: (_ lines: [UInt8]) throws -> Void
    ) throws {
        var lines = CanonicalJSONWriter()
        AsciicastLine.writeVersion2(reader.header, to: &lines)
        while let event = try reader.next() {
            if case .exit = event.action { continue }
            AsciicastLine.write(event.action, after: event.time.elapsedMicroseconds, to: &lines)
            if lines.bytes.count >= 1 << 16 {
                try write(lines.bytes)
                lines.removeAll()
            }
        }
        if !lines.bytes.isEmpty { try write(lines.bytes) }
    }
}
