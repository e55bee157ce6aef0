import AdapterTestKit
import Foundation
import GatewayCore
import Masking
import NIOCore
import NIOPosix
import Synchronization

/// Tries the parrot, with a fault of the test's choice.
final class ParrotDriver: AdapterDriver {
    let adapter: any ProtocolAdapter.Type = ParrotAdapter.self
    let eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    let credential: String? = "polly-wants-a-cracker"
    private let fault: ParrotAdapter.Fault
    private let running = Mutex<(adapter: ParrotAdapter?, perch: ParrotUpstream?)>((nil, nil))

    init(fault: ParrotAdapter.Fault) { self.fault = fault }

    func condition(for kind: ScriptedCommand.Kind) -> String? { "resource.name like \"\(Self.word(kind))-*\"" }

    var maskingRules: [MaskingRule] { [MaskingRule(selector: .field("ssn"), transform: .redact)] }

    private static func word(_ kind: ScriptedCommand.Kind) -> String { "\(kind)" }

    func startUpstream(_ witness: UpstreamWitness) async throws -> DriverConfiguration {
        let name = UUID().uuidString
        let perch = ParrotUpstream(name: name) { line in
            guard let command = witness.received(line), command.kind != .unanswered else { return nil }
            let ssn = command.kind == .masked ? ",\"ssn\":\"\(command.regulated)\"" : ""
            let answer = Array("{\"said\":\"\(command.marker)\"\(ssn)}".utf8)
            let size = min(command.pieceBytes, answer.count)
            return stride(from: 0, to: answer.count, by: size).map { Array(answer[$0...].prefix(size)) }
        }
        running.withLock { $0.perch = perch }
        return DriverConfiguration(
            listener: "fault: \(fault.rawValue)", target: "{perch: \(name), password: \(credential ?? "")}")
    }

    func adapterStarted(_ adapter: any ProtocolAdapter) async throws {
        running.withLock { $0.adapter = adapter as? ParrotAdapter }
    }

    func send(_ command: ScriptedCommand, token: String?) async throws -> ClientAnswer {
        guard let adapter = running.withLock({ $0.adapter }) else { throw ParrotError() }
        let extra = command.kind == .masked ? command.named : command.justification
        let words = [Self.word(command.kind), command.marker] + (extra.map { [$0] } ?? [])
        let text = try await adapter.say(words.joined(separator: " "), token: token)
        let result: ClientAnswer.Result =
            switch text.prefix(2) {
            case "OK": .answered
            case "WA": .pending
            case "NO": .refused
            default: .broken
            }
        return ClientAnswer(result, text)
    }

    func cut(_ side: ScriptedCommand.Side) async throws {
        switch side {
        case .caller: try await running.withLock { $0.adapter }?.hangUp()
        case .upstream: running.withLock { $0.perch }?.flyAway()
        }
    }

    func stop() async throws { running.withLock { $0.perch }?.close() }
}
