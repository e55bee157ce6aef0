import Identifiers
import Masking
import Policy

/// What a session has found out about a form of commands: how policy judges it, and how its intents are written.
///
/// Only forms that policy allows outright are known, and only under policies that look at nothing else of a command:
/// every command of the form then gets the same permit.
final class KnownForm {
    /// Held, so that its identity stays its own.
    let form: CommandForm
    let verdict: Verdict
    let masking: MaskingPlan
    let redaction: Redaction
    let template: IntentTemplate
    /// The last text of such a command and what is recorded of it: prepared statements have one text alone.
    private var lastText: (text: String, recorded: String)?

    init(
        _ form: CommandForm, _ verdict: Verdict, _ masking: MaskingPlan, _ redaction: Redaction,
        _ template: IntentTemplate
    ) {
        self.form = form
        self.verdict = verdict
        self.masking = masking
        self.redaction = redaction
        self.template = template
    }

    /// The text of `command` as it may be recorded.
    func recordedText(of command: Command) -> String {
        if let lastText, lastText.text.isExactly(command.text) { return lastText.recorded }
        let recorded = redaction.text(of: command)
        // Where in a text named values stand is not for its bytes alone to say.
        lastText = redaction.dependsOnPlaces(of: command) ? nil : (command.text, recorded)
        return recorded
    }
}

/// The forms that a session knows under the rules in force.
struct KnownForms {
    /// More are not kept: a session that uses so many gains nothing by it.
    private static let limit = 256

    private var rulesGeneration = 0
    private var forms: [ObjectIdentifier: KnownForm] = [:]

    mutating func known(_ form: CommandForm, rulesGeneration generation: Int) -> KnownForm? {
        guard generation == rulesGeneration else {
            forms.removeAll()
            rulesGeneration = generation
            return nil
        }
        return forms[ObjectIdentifier(form)]
    }

    mutating func insert(_ known: KnownForm) {
        if forms.count >= Self.limit { forms.removeAll() }
        forms[ObjectIdentifier(known.form)] = known
    }
}
