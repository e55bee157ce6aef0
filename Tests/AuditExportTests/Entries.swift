import StrictJSON

@testable import AuditExport

/// Entries as the gateway writes them, for golden tests.
enum Entries {
    static let sessionStart = #"""
        {"caller":{"groups":["payments"],"issuer":"https://id.example","label":"alice@example.com","subject":"alice"},"client":"192.0.2.7:60554","id":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","kind":"session-start","session":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","target":{"kind":"postgres","name":"ledger"},"time":"2026-11-26T05:24:34.701Z","v":1}
        """#
    static let intent = #"""
        {"caller":{"groups":["payments"],"issuer":"https://id.example","label":"alice@example.com","subject":"alice"},"command":{"digest":"4d","effects":[{"action":"sql.select","resource":"public.customers","type":"Table"}],"facts":{"sql.database":"ledger"},"text":"SELECT \"name\",\n ssn FROM customers WHERE id = 7"},"decision":{"answer":"allow","masks":["customer-pii"],"policy":"80","rule":"payments-may-query"},"id":"01a21650-0d0e-7252-9fcf-e1c25720e7f4","kind":"intent","session":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","target":{"kind":"postgres","name":"ledger"},"time":"2026-11-26T05:24:34.702Z","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","v":1}
        """#
    static let outcome = #"""
        {"command":"01a21650-0d0e-7252-9fcf-e1c25720e7f4","id":"01a21650-0d1f-780e-8b54-7ead96c01a85","kind":"outcome","outcome":{"duration_us":15116,"kind":"succeeded","masked":[{"count":3,"rule":"customer-pii/field ssn","selector":"field ssn"}],"request_bytes":60,"response_bytes":186,"rows":3,"status":"SELECT 3"},"session":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","target":{"kind":"postgres","name":"ledger"},"time":"2026-11-26T05:24:34.719Z","v":1}
        """#
    static let sessionEnd = #"""
        {"commands":1,"id":"01a21650-0d21-7c53-b605-126394da9420","kind":"session-end","reason":"the caller disconnected","session":"01a21650-0d0d-7ec8-b7df-e5a312f7356f","target":{"kind":"postgres","name":"ledger"},"time":"2026-11-26T05:24:34.721Z","v":1}
        """#
    /// Of a kind and with members that this program does not know.
    static let unknown = #"""
        {"id":"01a21650-0d22-7c53-b605-126394da9420","kind":"moon-phase","phase":{"name":"full","of":["moon",1]},"time":"2026-11-26T05:24:34.722Z","v":2}
        """#

    static let session = [sessionStart, intent, outcome, sessionEnd]

    static func resolved(_ texts: [String] = session) -> [ExportedEntry] {
        var context = EntryContext()
        return texts.enumerated().map { context.resolve(index: UInt64($0), bytes: Array($1.utf8)) }
    }
}

extension EntryEncoder {
    func text(of entry: ExportedEntry) -> [String] { lines(of: entry).map { String(decoding: $0, as: UTF8.self) } }
}
