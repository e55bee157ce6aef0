import ConfigFile
import GatewayCore
import Testing

@testable import sallyport

@Suite("Which settings a record may show")
struct DisclosedKeysTests {
    /// Every key under which somebody can write anything at all and no record shows it, over all adapters.
    private static func hidden(_ keys: [ConfigKey], at path: String = "") -> [String] {
        keys.flatMap { key -> [String] in
            let path = path.isEmpty ? key.name : "\(path).\(key.name)"
            return hidden(key.kind, key.disclosure, at: path)
        }
    }

    private static func hidden(_ kind: ConfigValueKind, _ disclosure: ConfigDisclosure, at path: String) -> [String] {
        switch kind {
        case .string, .url: if case .shown = disclosure { [] } else { [path] }
        case .integer, .boolean, .duration, .byteSize, .address, .path, .file, .secret, .choice: []
        case .list(let element), .dictionary(let element): hidden(element, disclosure, at: path)
        case .mapping(let keys): hidden(keys, at: path)
        case .variants(_, let variants, let common):
            hidden(common, at: path) + variants.sorted { $0.key < $1.key }.flatMap { hidden($0.value, at: path) }
        }
    }

    @Test(
        "a webhook's and a collector's URL may be secrets by themselves, and libpq takes secrets among its parameters")
    func hidden() throws {
        let keys = ConfigurationKeys.all(try AdapterRegistry.all())
        #expect(Set(Self.hidden(keys)) == ["approvals.webhook.url", "audit.sinks.url", "targets.connection"])
    }

    @Test("libpq's secrets are hidden beside the parameters that are shown")
    func connection() throws {
        let text = """
            identity: {issuers: [{issuer: "https://idp.example", audiences: [a]}]}
            policy: {files: [p.cedar]}
            listeners: [{adapter: postgres, listen: "127.0.0.1:5433"}]
            targets:
              - {name: ledger, kind: postgres, connection: {host: db, sslpassword: hunter2, oauth_client_secret: hunter2}}
            """
        let section = try ConfigDocument.load(
            text: text, file: "test.yaml", keys: ConfigurationKeys.all(try AdapterRegistry.all()))
        let settings = Dictionary(uniqueKeysWithValues: section.settings.map { ($0.path, $0.value) })
        #expect(settings["targets[ledger].connection.host"] == .shown("db"))
        for name in ["sslpassword", "oauth_client_secret"] {
            guard case .hidden = settings["targets[ledger].connection.\(name)"] else {
                Issue.record("\(name) is shown")
                continue
            }
        }
    }
}
