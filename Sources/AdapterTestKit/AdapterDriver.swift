import GatewayCore
import Masking
import NIOCore

/// What the author of an adapter supplies so that the kit can try it: an upstream, a client, and how the kit's commands
/// are written in the adapter's protocol.
///
/// Each command carries a marker, a word of letters that must stand in the command as the adapter records it (in its
/// text, its resource's name or a parameter), and by which client, upstream and log are held against each other.
public protocol AdapterDriver: AnyObject, Sendable {
    var adapter: any ProtocolAdapter.Type { get }
    /// Where the adapter runs.
    var eventLoops: any EventLoopGroup { get }

    /// A Cedar condition that holds for commands of this kind and for no other, as `resource.name like "denied-*"`;
    /// `nil` when the protocol has no such command. Not asked for `opaque` ones: the fact `opaque` is their mark.
    func condition(for kind: ScriptedCommand.Kind) -> String?

    /// Cedar for what the protocol needs besides the kit's commands, as connecting.
    var furtherPolicy: String { get }

    /// Rules that find `ScriptedCommand.regulated` where the upstream puts it into its answers.
    var maskingRules: [MaskingRule] { get }

    /// The secret with which the adapter signs in upstream, as it travels; `nil` when the upstream wants none.
    var credential: String? { get }

    /// Starts the upstream and returns the configuration by which the adapter reaches it.
    ///
    /// The upstream hands each whole command, credential and all, to `witness` before it acts on it, and then does what
    /// the scripted command that the witness returns asks for.
    func startUpstream(_ witness: UpstreamWitness) async throws -> DriverConfiguration

    /// Called once the adapter runs; returns when it can be connected to.
    func adapterStarted(_ adapter: any ProtocolAdapter) async throws

    /// Sends `command` through the gateway on a new connection, as the holder of `token`, and returns all that the
    /// client was told. It throws only when the arrangement is broken; a closed connection is an answer.
    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer

    /// Ends, from one side, what waits for the answer to an `unanswered` command.
    func cut(_ side: ScriptedCommand.Side) async throws

    /// Ends the upstream and all clients.
    func stop() async throws
}

extension AdapterDriver {
    public var furtherPolicy: String { "" }
}

/// What the driver writes into the gateway's configuration, in YAML.
public struct DriverConfiguration: Sendable {
    /// The keys of one listener.
    public var listener: String
    /// The keys of one target.
    public var target: String

    public init(listener: String, target: String) {
        self.listener = listener
        self.target = target
    }
}

/// One command of the kit's.
public struct ScriptedCommand: Sendable, Hashable {
    public enum Kind: Sendable, Hashable, CaseIterable {
        /// Policy lets it run. The upstream answers with the marker.
        case allowed
        case denied
        /// Runs once after a person has agreed. The upstream answers with the marker.
        case needsApproval
        /// Carries `named` in a parameter whose name a masking rule selects. The upstream answers with `regulated` where
        /// a masking rule finds it, in pieces of `pieceBytes`.
        case masked
        /// Something that the adapter cannot understand.
        case opaque
        /// Policy lets it run, and the upstream takes it and does not answer.
        case unanswered
    }

    /// Who may leave while an answer is due.
    public enum Side: String, Sendable, Hashable, CaseIterable { case caller, upstream }

    public let kind: Kind
    /// Twelve lower-case letters that stand nowhere else.
    public let marker: String
    /// A social security number; the client must never see it.
    public let regulated: String
    /// A word that nobody can tell to be regulated, but by its name; it must not be recorded.
    public let named: String
    /// How many bytes of its answer the upstream sends at a time.
    public let pieceBytes: Int
    /// The caller's words to the approvers.
    public let justification: String?

    init(_ kind: Kind, pieceBytes: Int = .max, justification: String? = nil) {
        self.kind = kind
        marker = Self.letters(12)
        named = Self.letters(14)
        regulated =
            "\(Int.random(in: 500...599))-\(Int.random(in: 10...99))-\(Int.random(in: 1000...9999))"
        self.pieceBytes = pieceBytes
        self.justification = justification
    }

    private static func letters(_ count: Int) -> String {
        String((0..<count).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" })
    }
}

/// What the client of one command was told.
public struct ClientAnswer: Sendable {
    public enum Result: Sendable {
        /// The upstream's answer.
        case answered
        /// The gateway said no, in the protocol's words.
        case refused
        /// The gateway said that people are asked.
        case pending
        /// The connection ended before there was a whole answer.
        case broken
    }

    public var result: Result
    /// Everything that came, heads and messages included.
    public var text: String

    public init(_ result: Result, _ text: String) {
        self.result = result
        self.text = text
    }
}
