import ConfigFile

/// One key of every kind, as a program would declare them.
enum SampleKeys {
    static let all: [ConfigKey] = [
        ConfigKey("name", .string, required: true, summary: "What it is called."),
        ConfigKey("workers", .integer(1...64), default: "4", summary: "How many work."),
        ConfigKey("verbose", .boolean, default: "false", summary: "Whether it talks."),
        ConfigKey("timeout", .duration, default: "30s", summary: "How long it waits."),
        ConfigKey("limit", .byteSize, default: "1MiB", summary: "How much it takes."),
        ConfigKey("listen", .address, default: "127.0.0.1:7480", summary: "Where it listens."),
        ConfigKey("upstream", .url, summary: "Where it sends."),
        ConfigKey("folder", .path, summary: "Where it writes."),
        ConfigKey("token", .secret, summary: "What it shows."),
        ConfigKey("level", .choice(["info", "debug"]), default: "info", summary: "What it says."),
        ConfigKey("groups", .list(.string), summary: "Who may."),
        ConfigKey("labels", .dictionary(.string), summary: "Words about it."),
        ConfigKey(
            "tls",
            .mapping([
                ConfigKey("certificate", .path, required: true, summary: "PEM."),
                ConfigKey("key", .secret, summary: "PEM too."),
            ]), summary: "HTTPS."),
        ConfigKey(
            "targets",
            .list(
                .variants(
                    discriminator: "kind",
                    [
                        "http": [ConfigKey("url", .url, required: true, summary: "The function.")],
                        "postgres": [
                            ConfigKey("host", .string, required: true, summary: "The server."),
                            ConfigKey("password", .secret, summary: "Its password."),
                        ],
                    ], common: [ConfigKey("name", .string, required: true, summary: "Its name.")])),
            summary: "What is behind."),
    ]

    static let whole = """
        name: gate
        workers: 8
        verbose: true
        timeout: 15m
        limit: 64KiB
        listen: "[::1]:8443"
        upstream: https://functions.example/base
        folder: state
        token: env:TOKEN
        level: debug
        groups: [payments, sre]
        labels: {team: red, cost: "17"}
        tls: {certificate: cert.pem, key: "file:key.pem"}
        targets:
          - {kind: http, name: pay, url: "http://127.0.0.1:9000"}
          - {kind: postgres, name: ledger, host: db, password: "env:PGPASSWORD"}
        """

    static func load(_ text: String) throws(ConfigErrors) -> ConfigSection {
        try ConfigDocument.load(text: text, file: "test.yaml", keys: all)
    }

    /// The lines that the person reads; empty when nothing is wrong.
    static func errors(_ text: String) -> [String] {
        do throws(ConfigErrors) {
            _ = try load(text)
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }
}
