import ConfigFile
import GatewayCore
import TLSFiles

/// The keys of `sallyport.yaml`: what the loader accepts, `sallyport config schema` prints and `doctor` explains.
enum ConfigurationKeys {
    /// The keys of the whole file; listeners and targets have the keys that each adapter declares.
    static func all(_ registry: AdapterRegistry) -> [ConfigKey] {
        let declarations = registry.declarations
        return [
            ConfigKey("state", .path, default: "state", summary: "Folder for the audit log, recordings and the store."),
            ConfigKey("log", .mapping(log), summary: "The gateway's own messages, on standard error."),
            ConfigKey("identity", .mapping(identity), required: true, summary: "Who may sign in."),
            ConfigKey("policy", .mapping(policy), required: true, summary: "What callers may do."),
            ConfigKey("masking", .mapping(masking), summary: "What is hidden in answers."),
            ConfigKey("approvals", .mapping(approvals), summary: "Who decides just-in-time approvals."),
            ConfigKey("recording", .mapping(recording), summary: "What is kept of sessions for replay."),
            ConfigKey("audit", .mapping(audit), summary: "The tamper-evident log."),
            ConfigKey("retention", .mapping(retention), summary: "When evidence is deleted; never without this."),
            ConfigKey("console", .mapping(console), summary: "The admin API and pages."),
            ConfigKey(
                "listeners",
                .list(
                    .variants(
                        discriminator: "adapter",
                        Dictionary(uniqueKeysWithValues: declarations.map { ($0.kind, $0.listenerKeys) }), common: [])),
                required: true, summary: "Where callers connect; each has the keys of its adapter."),
            ConfigKey(
                "targets",
                .list(
                    .variants(
                        discriminator: "kind",
                        Dictionary(uniqueKeysWithValues: declarations.map { ($0.kind, $0.targetKeys) }),
                        common: [
                            ConfigKey(
                                "name", .string, required: true,
                                disclosure: .shown,
                                summary: "How policies and the log call the target: letters, digits, `-`, `_`, `.`.")
                        ])),
                required: true, summary: "The systems behind the gateway; each has the keys of its adapter."),
        ]
    }

    private static let log = [
        ConfigKey(
            "level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), default: "info",
            summary: "The least important messages that are written.")
    ]

    private static let identity = [
        ConfigKey("issuers", .list(.mapping(issuer)), required: true, summary: "The OpenID Connect providers trusted.")
    ]

    private static let issuer = [
        ConfigKey(
            "issuer", .url, required: true, disclosure: .shown,
            summary: "The issuer's URL, exactly as its tokens say it."),
        ConfigKey(
            "audiences", .list(.string), required: true, disclosure: .shown,
            summary: "Audiences (`aud`) that tokens may be for."),
        ConfigKey(
            "client_id", .string, disclosure: .shown,
            summary: "The client that `sallyport login` and the console sign in as."),
        ConfigKey("client_secret", .secret, summary: "Its secret, where the provider wants one."),
        ConfigKey("groups", .mapping(groups), summary: "How groups are read from tokens."),
        ConfigKey(
            "grace", .duration, default: "1h",
            summary: "How long keys stay good after they should have been fetched anew while the issuer is down."),
        ConfigKey(
            "ca", .file, summary: "PEM file of the certificate authorities of this issuer, instead of the system's."),
        ConfigKey("scopes", .list(.string), disclosure: .shown, summary: "Scopes that `sallyport login` asks for."),
        ConfigKey("openpubkey", .mapping(openPubkey), summary: "SSH certificates of `opkssh login` with its tokens."),
    ]

    private static let openPubkey = [
        ConfigKey(
            "clients", .list(.string), required: true,
            disclosure: .shown,
            summary: "The clients that opkssh signs in as. No audience may be among them: hosts see these tokens."),
        ConfigKey(
            "lifetime", .duration,
            summary: "How long after its issue a token is taken; until its own expiry when absent."),
    ]

    private static let groups = [
        ConfigKey(
            "claim", .string, default: "groups", disclosure: .shown,
            summary: "Path of the claim, with dots: `realm_access.roles`."),
        ConfigKey(
            "provider", .choice(["generic", "entra", "okta", "google"]), default: "generic",
            summary: "Whose habits to expect: each leaves groups out of tokens in its own way."),
        ConfigKey(
            "required", .boolean, default: "false", summary: "Whether a token without the claim has unknown groups."),
        ConfigKey("hosted_domain", .string, disclosure: .shown, summary: "Google: the `hd` that tokens must have."),
        ConfigKey(
            "static",
            .list(
                .mapping([
                    ConfigKey(
                        "user", .string, required: true, disclosure: .shown,
                        summary: "The subject or the verified email."),
                    ConfigKey(
                        "groups", .list(.string), required: true, disclosure: .shown,
                        summary: "The groups of that user."),
                ])), summary: "Groups given here rather than by the provider."),
    ]

    private static let policy = [
        ConfigKey(
            "files", .list(.path), required: true, summary: "Cedar files; `*` stands for any part of a file name."),
        ConfigKey(
            "mode", .choice(["enforce", "shadow"]), default: "enforce",
            summary: "`shadow` refuses nothing and records what would have been refused."),
        ConfigKey(
            "candidate", .list(.path),
            summary: "Policies on trial: judged beside those in force, recorded, not acted on."),
    ]

    private static let masking = [
        ConfigKey(
            "pseudonym_key", .secret,
            summary: "Key for pseudonyms and keyed digests, at least 32 bytes; made in the state folder when absent."),
        ConfigKey(
            "rule_sets",
            .list(
                .mapping([
                    ConfigKey(
                        "name", .string, required: true, disclosure: .shown,
                        summary: "How `@mask` in a policy calls it."),
                    ConfigKey(
                        "rules",
                        .list(
                            .mapping([
                                ConfigKey(
                                    "field", .string, disclosure: .shown,
                                    summary: "Member or column name; `*` matches any part."),
                                ConfigKey(
                                    "column", .string,
                                    disclosure: .shown,
                                    summary: "Database column, e.g. `public.customers.ssn` or `ssn`; `*` in any part."),
                                ConfigKey(
                                    "path", .string, disclosure: .shown, summary: "JSON path, e.g. `$.card.number`."),
                                ConfigKey(
                                    "detector", .string,
                                    disclosure: .shown,
                                    summary: "`PAN`, `IBAN`, `US_SSN`, `EMAIL_ADDRESS` or `PHONE_NUMBER`."),
                                ConfigKey(
                                    "transform", .string, required: true,
                                    disclosure: .shown,
                                    summary:
                                        "`redact`, `null`, `pseudonym`, `keep-last N`, `keep-first N` or `replace TEXT`."
                                ),
                                ConfigKey("name", .string, disclosure: .shown, summary: "The rule's name in the log."),
                            ])), required: true, summary: "Each has one of `field`, `column`, `path` and `detector`."),
                ])), summary: "Named sets of masking rules."),
    ]

    private static let approvals = [
        ConfigKey(
            "groups", .list(.string), disclosure: .shown,
            summary: "Groups that `@approve` may name; `policy check` knows them."),
        ConfigKey(
            "webhook",
            .mapping([
                ConfigKey("url", .url, required: true, summary: "Where ticket events are posted."),
                ConfigKey("secret", .secret, required: true, summary: "Key of the HMAC-SHA256 signature."),
            ]), summary: "Tells a chat tool about tickets."),
    ]

    private static let recording = [
        ConfigKey(
            "minimum", .choice(["none", "metadata", "full"]), default: "metadata",
            summary: "The least that is recorded of a session; a policy's @record can ask for more.")
    ]

    private static let audit = [
        ConfigKey(
            "origin", .string, default: "sallyport", disclosure: .shown,
            summary: "The log's name in checkpoints; a URL without scheme."),
        ConfigKey(
            "durability", .choice(["process", "disk"]), default: "process",
            summary: "What a recorded intent survives: the end of the process, or of the machine (`fdatasync` first)."),
        ConfigKey(
            "signing_key", .string,
            disclosure: .shown,
            summary: "The key of checkpoints, as `file:PATH`; `audit-signing.key` in the state folder when absent."),
        ConfigKey("interval", .duration, default: "200ms", summary: "How often journals are taken into the tree."),
        ConfigKey(
            "witnesses",
            .list(
                .mapping([
                    ConfigKey(
                        "url", .url, required: true, disclosure: .shown,
                        summary: "Its submission prefix, without /add-checkpoint."),
                    ConfigKey(
                        "key", .string, required: true, disclosure: .shown, summary: "Its public key, as it prints it."),
                ])), summary: "Who else is shown each checkpoint, and cosigns it (C2SP tlog-witness)."),
        ConfigKey(
            "timestamps",
            .mapping([
                ConfigKey("url", .url, required: true, disclosure: .shown, summary: "The authority's URL."),
                ConfigKey(
                    "ca", .file,
                    summary: "PEM file of the certificate authorities of an https URL, instead of the system's."),
                ConfigKey("interval", .duration, default: "1h", summary: "How often the newest checkpoint is stamped."),
            ]), summary: "A time-stamping authority (RFC 3161) for checkpoints."),
        ConfigKey("quorum", .integer(1...64), summary: "How many of the witnesses must cosign; all by default."),
        ConfigKey(
            "originals",
            .mapping([
                ConfigKey(
                    "auditor_key", .string, required: true,
                    disclosure: .shown,
                    summary:
                        "The public key that `sallyport audit keygen` printed, or the path of a file that holds it.")
            ]), summary: "Keeps what masking takes away, sealed: only who has the auditor's private key can open it."),
        SinkSettings.key,
    ]

    private static let console = [
        ConfigKey("listen", .address, default: "127.0.0.1:7481", summary: "Address and port."),
        ConfigKey("url", .url, disclosure: .shown, summary: "How people reach it; the address above when absent."),
        ConfigKey(
            "tls", .mapping(ServerTLS.keys),
            summary:
                "HTTPS. Without it only addresses of this machine itself are taken, unless `url` is `https`: then a TLS proxy must stand before it."
        ),
    ]
}
