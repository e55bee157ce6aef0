import Foundation

/// A syslog message (RFC 5424), and its frame for TLS (RFC 5425 section 4.3: octet counting).
struct SyslogMessage {
    /// Facilities by their names; RFC 5424 section 6.2.1.
    static let facilities = [
        "auth": 4, "authpriv": 10, "audit": 13, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20,
        "local5": 21, "local6": 22, "local7": 23,
    ]

    /// What all messages of a gateway have in common.
    struct Origin: Sendable {
        let facility: Int
        let host: String
        let application: String
        let process: Int32
        let version: String
    }

    /// The message without its frame.
    ///
    /// The structured data are IANA's own `origin` and `meta` (section 7); `sequenceId` is the entry's index in the log
    /// plus 1, starting anew after 2147483647. The text has no byte order mark (it is MSG-ANY): what is behind it
    /// begins with `{` or `CEF:`, which receivers look for.
    static func bytes(of line: LineBatch.Line, from origin: Origin) -> [UInt8] {
        let priority = origin.facility * 8 + line.severity.syslog
        let time = line.time.utf8.count == 24 ? line.time : "-"
        let head = [
            "<\(priority)>1", time, name(origin.host, limit: 255), name(origin.application, limit: 48),
            name(String(origin.process), limit: 128), name(line.kind, limit: 32),
        ].joined(separator: " ")
        let sequence = line.index % 2_147_483_647 + 1
        let data =
            "[origin software=\"Sallyport\" swVersion=\"\(parameter(origin.version))\"][meta sequenceId=\"\(sequence)\"]"
        return Array("\(head) \(data) ".utf8) + line.bytes
    }

    static func frame(_ message: [UInt8]) -> [UInt8] { Array("\(message.count) ".utf8) + message }

    /// Printable ASCII without spaces, `-` for nothing.
    private static func name(_ text: String, limit: Int) -> String {
        let name = String(
            decoding: text.utf8.prefix(limit).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
        return name.isEmpty ? "-" : name
    }

    /// Section 6.3.3.
    private static func parameter(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { ["\"", "\\", "]"].contains($0) ? ["\\", $0] : [$0] }))
    }
}
