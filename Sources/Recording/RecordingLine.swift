import Identifiers
import StrictJSON

/// A recording's lines: each a JSON object with its members in canonical order (RFC 8785) and a newline.
///
/// ```
/// {"caller":…,"kind":"http","session":…,"started":…,"target":…,"version":1}
/// {"at":12,"body":…,"command":…,"head":[[name,value],…],"kind":"request","truncated":true}
/// ```
/// `body`, `command`, `head` and `truncated` are left out where there is none.
enum RecordingLine {
    static let version: Int64 = 1

    static func write(_ header: RecordingHeader, to line: inout CanonicalJSONWriter) {
        line.beginObject()
        line.name("caller")
        line.write(header.caller)
        line.name("kind")
        line.write(header.kind)
        line.name("session")
        line.write(header.session.description)
        line.name("started")
        line.write(header.started.description)
        line.name("target")
        line.write(header.target)
        line.name("version")
        line.write(version)
        line.endObject()
        line.endLine()
    }

    /// Writes the line, with its newline, after those before it.
    static func write(_ event: RecordingEvent, body: String, isTruncated: Bool, to line: inout CanonicalJSONWriter) {
        line.beginObject()
        line.name("at")
        line.write(event.offset)
        if !body.isEmpty {
            line.name("body")
            line.write(body)
        }
        if let command = event.commandID {
            line.name("command")
            line.writePlain(UUIDv7.characterCount, command.write)
        }
        if !event.head.isEmpty {
            line.name("head")
            line.beginArray()
            for field in event.head {
                line.beginArray()
                line.write(field.name)
                line.write(field.value)
                line.endArray()
            }
            line.endArray()
        }
        line.name("kind")
        line.write(event.kind.rawValue)
        if isTruncated {
            line.name("truncated")
            line.write(true)
        }
        line.endObject()
        line.endLine()
    }

    /// Why a line is not what it should be.
    struct Mistake: Error {
        let reason: String
    }

    static func header(_ line: some Collection<UInt8>) throws(Mistake) -> RecordingHeader {
        let value = try parse(line)
        guard value["version"]?.integer == version else { throw Mistake(reason: "its version is not \(version)") }
        guard let session = value["session"]?.string.flatMap({ UUIDv7($0) }), let caller = value["caller"]?.string,
            let target = value["target"]?.string, let kind = value["kind"]?.string,
            let started = value["started"]?.string.flatMap({ Timestamp($0) })
        else { throw Mistake(reason: "its first line lacks a member of the header") }
        return RecordingHeader(session: session, caller: caller, target: target, kind: kind, started: started)
    }

    static func event(_ line: some Collection<UInt8>) throws(Mistake) -> RecordingEvent {
        let value = try parse(line)
        guard let at = value["at"]?.integer, at >= 0, let name = value["kind"]?.string,
            let kind = RecordingEvent.Kind(rawValue: name)
        else { throw Mistake(reason: "it lacks \"at\" or \"kind\"") }
        var head: [RecordingField] = []
        for field in value["head"]?.array ?? [] {
            guard let name = field[0]?.string, let value = field[1]?.string else {
                throw Mistake(reason: "its head is not a list of names and values")
            }
            head.append(RecordingField(name, value))
        }
        return RecordingEvent(
            offset: UInt64(at), kind: kind, commandID: value["command"]?.string.flatMap { UUIDv7($0) }, head: head,
            body: value["body"]?.string ?? "", isTruncated: value["truncated"]?.bool ?? false)
    }

    private static func parse(_ line: some Collection<UInt8>) throws(Mistake) -> JSONValue {
        do {
            return try JSONValue(parsing: Array(line), within: .ownRecord)
        } catch {
            throw Mistake(reason: "\(error)")
        }
    }
}
