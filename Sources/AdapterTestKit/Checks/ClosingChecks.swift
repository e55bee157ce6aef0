import GatewayCore
import StrictJSON

/// What the log and the disk hold once the adapter has stopped.
extension Trial {
    func checkWhatIsLeft() throws {
        let entries = try gateway.entries()
        checkOutcomes(entries)
        checkSessions(entries)
        checkVocabulary(entries)
        checkSecrets(entries)
    }

    private func checkOutcomes(_ entries: [LogEntry]) {
        report.checks.append(.outcomes)
        for intent in entries where intent.kind == "intent" {
            let outcomes = entries.outcomes(of: intent)
            expect(outcomes.count == 1, .outcomes, "there are \(outcomes.count) outcomes of the intent \(intent.text)")
            expect(
                outcomes.allSatisfy { $0.outcome != "abandoned" }, .outcomes,
                "the adapter dropped the permit of \(intent.text)")
        }
    }

    private func checkSessions(_ entries: [LogEntry]) {
        report.checks.append(.sessions)
        for start in entries where start.kind == "session-start" {
            let ends = entries.filter { $0.kind == "session-end" && $0.session == start.session }
            expect(ends.count == 1, .sessions, "there are \(ends.count) ends of the session \(start.text)")
            for end in ends {
                expect(end.json["reason"]?.string?.isEmpty == false, .sessions, "\(end.text) gives no reason")
            }
        }
    }

    private func checkVocabulary(_ entries: [LogEntry]) {
        report.checks.append(.vocabulary)
        let declaration = driver.adapter.declaration
        let actions = Set(declaration.actions.map(\.name))
        let types = Set(declaration.resourceTypes.map(\.name))
        let facts = Dictionary(declaration.facts.map { ($0.name, $0.kind) }) { first, _ in first }
        for entry in entries where entry.kind == "intent" || entry.kind == "refusal" {
            for action in entry.actions where !actions.contains(action) {
                expect(false, .vocabulary, "the action \"\(action)\" is not declared")
            }
            for type in entry.resourceTypes where !types.contains(type) {
                expect(false, .vocabulary, "the resource type \"\(type)\" is not declared")
            }
            for fact in entry.facts {
                guard let kind = facts[fact.name] else {
                    expect(false, .vocabulary, "the fact \"\(fact.name)\" is not declared")
                    continue
                }
                expect(kind.fits(fact.value), .vocabulary, "the fact \"\(fact.name)\" is not of type \(kind)")
            }
        }
    }

    private func checkSecrets(_ entries: [LogEntry]) {
        report.checks.append(.secrets)
        let kept =
            entries.map { ("the log", $0.text) } + gateway.recordedTexts().map { ("a recording", $0) }
            + answers.map { ("an answer", $0.text) }
        for (place, text) in kept {
            if let credential = driver.credential {
                expect(!text.contains(credential), .secrets, "the upstream's credential stands in \(place): \(text)")
            }
            // A token says who somebody is, to whoever has it.
            for token in tokens { expect(!text.contains(token), .secrets, "a token stands in \(place): \(text)") }
            for (command, _) in answers where command.kind == .masked {
                let isHeld = holds(text, command.regulated) || text.contains(command.named)
                expect(!isHeld, .secrets, "a masked value stands in \(place): \(text)")
            }
        }
        for (command, _) in answers {
            for arrival in witness.arrivals(of: command) {
                for token in tokens {
                    expect(!arrival.text.contains(token), .secrets, "the upstream got the caller's token")
                }
            }
        }
    }
}

extension FactDeclaration.Kind {
    /// Whether `value`, as an entry has it, can be a fact of this kind.
    fileprivate func fits(_ value: JSONValue) -> Bool {
        switch self {
        case .bool: value.bool != nil
        case .integer: value.integer != nil
        case .string: value.string != nil
        case .strings: value.array?.allSatisfy { $0.string != nil } ?? false
        }
    }
}
