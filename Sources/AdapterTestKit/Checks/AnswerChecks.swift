import GatewayCore
import Identifiers

/// What becomes of answers, whole or not.
extension Trial {
    /// Sizes of the pieces in which the upstream sends; one byte at a time finds what looks at single chunks.
    private static let pieces = [Int.max, 1, 2, 3, 5, 7, 11, 64]

    func checkMasking() async throws {
        try await run(.masking, needs: .masked) {
            for piece in Self.pieces {
                let command = ScriptedCommand(.masked, pieceBytes: piece)
                let answer = try await send(command)
                let size = piece == .max ? "in one piece" : "in pieces of \(piece) bytes"
                expect(
                    answer.result == .answered && answer.text.contains(command.marker), .masking,
                    "an answer \(size) did not come through: \(answer.text)")
                expect(
                    !holds(answer.text, command.regulated), .masking,
                    "of an answer \(size) the caller got the masked value: \(answer.text)")
                expectRan(command, .masking)
                expect(
                    witness.arrivals(of: command).allSatisfy { $0.text.contains(command.named) }, .masking,
                    "the upstream did not get the parameter as it was sent")
                let masked = try await outcomes(of: command).first?.json["outcome"]?["masked"]?.array ?? []
                expect(!masked.isEmpty, .masking, "the outcome of an answer \(size) does not say what was masked")
            }
        }
    }

    func checkInterruptions() async throws {
        try await run(.callerGone, needs: .unanswered) {
            _ = try await interrupt(.callerGone) { _ in try await driver.cut(.caller) }
        }
        try await run(.upstreamGone, needs: .unanswered) {
            let answer = try await interrupt(.upstreamGone) { _ in try await driver.cut(.upstream) }
            if let answer, answer.result != .refused {
                expect(false, .upstreamGone, "the client was not told, but \(answer.result): \(answer.text)")
            }
        }
        try await run(.terminated, needs: .unanswered) {
            var session: UUIDv7?
            let answer = try await interrupt(.terminated) { command in
                session = try gateway.entries().intents(with: command.marker).first?.session.flatMap { UUIDv7($0) }
                guard let session else { return }
                let found = try await gateway.sessions.terminate(session, by: "kit operator")
                expect(found, .terminated, "the command's session is not among those that are open")
            }
            if let answer { expect(answer.result != .answered, .terminated, "the client got an answer") }
            let id = session?.description
            let isEnded = try await eventually {
                try gateway.entries().contains {
                    $0.kind == "session-end" && $0.session == id && $0.text.contains("terminated by kit operator")
                }
            }
            expect(isEnded, .terminated, "the session does not end in the log, by the operator")
        }
    }

    /// Cuts a command off while its answer is due. Returns what the client was told, `nil` when there is nothing to
    /// judge.
    private func interrupt(
        _ check: ConformanceCheck, by cut: (ScriptedCommand) async throws -> Void
    ) async throws -> ClientAnswer? {
        let command = ScriptedCommand(.unanswered)
        let sending = sending(command, token: try gateway.token(for: .caller))
        guard try await eventually({ !witness.arrivals(of: command).isEmpty }) else {
            expect(false, check, "the command did not reach the upstream")
            sending.cancel()
            return nil
        }
        expectRan(command, check)
        try await cut(command)
        let answer = try await sending.value
        note(answer, to: command)
        let outcomes = try await outcomes(of: command)
        expect(
            outcomes.count == 1 && outcomes.allSatisfy { $0.outcome == "interrupted" || $0.outcome == "failed" }, check,
            "its outcomes are \(outcomes.map { $0.outcome ?? "" }), not one that says what went wrong")
        return answer
    }

    func checkFullDisk() async throws {
        try await run(.fullDisk, needs: .allowed) {
            let command = ScriptedCommand(.allowed)
            gateway.disk.isFull = true
            let refused = try await send(command)
            gateway.disk.isFull = false
            expectRefused(refused, saying: ["audit-unavailable"], .fullDisk)
            expectNotRun(command, .fullDisk)
            let next = ScriptedCommand(.allowed)
            let answer = try await send(next)
            expect(answer.result == .answered, .fullDisk, "with space on the disk again: \(answer.text)")
            expectRan(next, .fullDisk)
        }
    }

    /// Whether `text` holds the value `number`, with or without its hyphens.
    func holds(_ text: String, _ number: String) -> Bool {
        text.contains(number) || text.contains(number.filter { $0 != "-" })
    }
}
