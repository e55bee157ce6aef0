import AuditExport
import Testing

@testable import AuditSinks

@Suite("Syslog messages")
struct SyslogMessageTests {
    private let origin = SyslogMessage.Origin(
        facility: 13, host: "gateway 1", application: "sally\u{e9}port", process: 7, version: "1.\"2\\]")

    private func message(index: UInt64 = 0, kind: String = "intent", time: String = "2026-11-26T05:24:34.702Z")
        -> String
    {
        let line = LineBatch.Line(
            bytes: Array("{\"a\":1}".utf8), index: index, kind: kind, time: time, severity: .informational)
        return String(decoding: SyslogMessage.bytes(of: line, from: origin), as: UTF8.self)
    }

    @Test("a message is RFC 5424's, and no name or value can leave its place")
    func golden() {
        #expect(
            message()
                == #"<110>1 2026-11-26T05:24:34.702Z gateway?1 sally??port 7 intent [origin software="Sallyport" swVersion="1.\"2\\\]"][meta sequenceId="1"] {"a":1}"#
        )
        #expect(message(kind: "").contains(" 7 - [origin"))
        #expect(message(time: "yesterday").hasPrefix("<110>1 - "))
    }

    @Test(
        "the sequence starts anew where RFC 5424 ends it",
        arguments: [(2_147_483_646 as UInt64, 2_147_483_647), (2_147_483_647, 1)])
    func sequence(index: UInt64, number: Int) { #expect(message(index: index).contains("sequenceId=\"\(number)\"")) }

    @Test("a frame counts bytes, not characters")
    func frame() { #expect(SyslogMessage.frame(Array("é".utf8)) == Array("2 é".utf8)) }
}
