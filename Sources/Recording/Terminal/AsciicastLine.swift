import Identifiers
import StrictJSON

/// The lines of a terminal recording, in asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/): a JSON object,
/// then an array for each event with the seconds since the one before.
///
/// ```
/// {"env":{…},"term":{"cols":80,"rows":24},"timestamp":1763910245,"title":…,"version":3}
/// [0.248,"o","$ "]
/// ```
/// What the format has no member for stands in `env`, which players show at most.
enum AsciicastLine {
    /// Bytes of a line; a recorder stays far below.
    static let limit = 1 << 20

    private static let callerName = "SALLYPORT_CALLER"
    private static let commandName = "SALLYPORT_COMMAND"
    private static let sessionName = "SALLYPORT_SESSION"
    private static let startedName = "SALLYPORT_STARTED"
    private static let targetName = "SALLYPORT_TARGET"

    // MARK: Writing

    static func write(_ header: TerminalRecordingHeader, to line: inout CanonicalJSONWriter) {
        line.beginObject()
        write("command", header.command, to: &line)
        writeEnvironment(header, type: nil, to: &line)
        line.name("term")
        line.beginObject()
        line.name("cols")
        line.write(header.size.columns)
        line.name("rows")
        line.write(header.size.rows)
        write("type", header.terminalType, to: &line)
        line.endObject()
        line.name("timestamp")
        line.write(header.started.milliseconds / 1000)
        write("title", header.title, to: &line)
        line.name("version")
        line.write(3)
        line.endObject()
        line.endLine()
    }

    /// The header in asciicast v2, which has the terminal's type in `env`.
    static func writeVersion2(_ header: TerminalRecordingHeader, to line: inout CanonicalJSONWriter) {
        line.beginObject()
        write("command", header.command, to: &line)
        writeEnvironment(header, type: header.terminalType, to: &line)
        line.name("height")
        line.write(header.size.rows)
        line.name("timestamp")
        line.write(header.started.milliseconds / 1000)
        write("title", header.title, to: &line)
        line.name("version")
        line.write(2)
        line.name("width")
        line.write(header.size.columns)
        line.endObject()
        line.endLine()
    }

    /// - Parameter microseconds: Since the event before in v3, since the start in v2.
    static func write(_ action: TerminalEvent.Action, after microseconds: UInt64, to line: inout CanonicalJSONWriter) {
        let (code, data) =
            switch action {
            case .output(let text): ("o", text)
            case .input(let text): ("i", text)
            case .resize(let size): ("r", size.description)
            case .marker(let label): ("m", label)
            case .exit(let status): ("x", String(status))
            }
        line.beginArray()
        line.writeCanonical(seconds(microseconds))
        line.write(code)
        line.write(data)
        line.endArray()
        line.endLine()
    }

    private static func write(_ name: String, _ text: String?, to line: inout CanonicalJSONWriter) {
        guard let text else { return }
        line.name(name)
        line.write(text)
    }

    private static func writeEnvironment(
        _ header: TerminalRecordingHeader, type: String?, to line: inout CanonicalJSONWriter
    ) {
        line.name("env")
        line.beginObject()
        write(callerName, header.caller, to: &line)
        write(commandName, header.commandID.description, to: &line)
        write(sessionName, header.session.description, to: &line)
        write(startedName, header.started.description, to: &line)
        write(targetName, header.target, to: &line)
        write("TERM", type, to: &line)
        line.endObject()
    }

    private static func seconds(_ microseconds: UInt64) -> [UInt8] {
        var text = Array(String(microseconds / 1_000_000).utf8)
        let fraction = microseconds % 1_000_000
        guard fraction > 0 else { return text }
        let digits = Array(String(fraction + 1_000_000).utf8.dropFirst())
        let end = digits.lastIndex { $0 != UInt8(ascii: "0") } ?? 0
        text.append(UInt8(ascii: "."))
        text.append(contentsOf: digits[...end])
        return text
    }

    // MARK: Reading

    /// Why a line is not what it should be.
    struct Mistake: Error {
        let reason: String
    }

    static func header(_ line: some Collection<UInt8>) throws(Mistake) -> TerminalRecordingHeader {
        let value = try parse(line)
        guard value["version"]?.integer == 3 else { throw Mistake(reason: "its version is not 3") }
        guard let term = value["term"], let columns = term["cols"]?.integer, let rows = term["rows"]?.integer,
            let environment = value["env"], let caller = environment[callerName]?.string,
            let command = environment[commandName]?.string.flatMap({ UUIDv7($0) }),
            let session = environment[sessionName]?.string.flatMap({ UUIDv7($0) }),
            let started = environment[startedName]?.string.flatMap({ Timestamp($0) }),
            let target = environment[targetName]?.string
        else { throw Mistake(reason: "its first line lacks a member of the header") }
        return TerminalRecordingHeader(
            session: session, commandID: command, caller: caller, target: target, started: started,
            size: TerminalSize(columns: columns, rows: rows), terminalType: term["type"]?.string,
            title: value["title"]?.string, command: value["command"]?.string)
    }

    /// An event's microseconds since the one before, and what happened; `nil` for a code that we do not know, which the
    /// format wants passed over.
    static func event(_ line: some Collection<UInt8>) throws(Mistake) -> (UInt64, TerminalEvent.Action?) {
        guard let elements = try parse(line).array, elements.count == 3, case .number(let number) = elements[0],
            let interval = microseconds(number), let code = elements[1].string
        else { throw Mistake(reason: "it is not an interval, a code and a text") }
        guard let data = elements[2].string else { throw Mistake(reason: "its text is none") }
        switch code {
        case "o": return (interval, .output(data))
        case "i": return (interval, .input(data))
        case "m": return (interval, .marker(data))
        case "r":
            guard let size = TerminalSize(data) else { throw Mistake(reason: "its size is not like 80x24") }
            return (interval, .resize(size))
        case "x":
            guard let status = Int32(data) else { throw Mistake(reason: "its exit status is no number") }
            return (interval, .exit(status))
        default: return (interval, nil)
        }
    }

    private static func parse(_ line: some Collection<UInt8>) throws(Mistake) -> JSONValue {
        do {
            // Terminals are sent NUL characters.
            return try JSONValue(parsing: Array(line), within: JSONLimits(depth: 8, takesNUL: true))
        } catch {
            throw Mistake(reason: "\(error)")
        }
    }

    /// The microseconds of a JSON number of seconds; `nil` for what is negative or longer than three centuries.
    private static func microseconds(_ seconds: String) -> UInt64? {
        guard let value = Double(seconds), value >= 0, value < 1e10 else { return nil }
        return UInt64((value * 1_000_000).rounded())
    }
}
