/// Reads the annotations that mean something to the gateway.
///
/// Cedar leaves annotations to the application. Unknown ones are allowed; one that is nearly ours is a finding of the
/// check, because `@mask` misspelt is a mask that does not happen.
struct ObligationAnnotations {
    static let obligations = ["mask", "approve", "record", "maxrows"]
    static let texts = ["id", "reason", "advice"]

    private(set) var obligations = Obligations.none
    private(set) var id: String?
    private(set) var reason: String?
    private(set) var advice: String?
    private(set) var errors: [(offset: Int, message: String)] = []

    init(_ annotations: [AnnotationSyntax]) {
        for annotation in annotations { read(annotation) }
    }

    private mutating func read(_ annotation: AnnotationSyntax) {
        let value = annotation.value
        switch annotation.name {
        case "id":
            id = value
            if value.trimmingSpace().isEmpty { fail(annotation, "@id is empty") }
        case "reason": reason = value
        case "advice": advice = value
        case "mask":
            let names = value.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingSpace() }
            if names.contains("") {
                fail(annotation, "@mask takes the names of masking rule sets, as @mask(\"pii, cards\")")
            }
            for name in names where !obligations.masks.contains(name) { obligations.masks.append(name) }
        case "approve":
            do throws(ApprovalRequirement.Malformed) {
                obligations.approvals = [try ApprovalRequirement(parsing: value)]
            } catch {
                fail(
                    annotation, "@approve: \(error.message); write @approve(\"2 of dba-leads, sre within 15m for 1h\")")
            }
        case "record":
            if let level = RecordingLevel(rawValue: value) {
                obligations.recording = level
            } else {
                fail(annotation, "@record takes \"none\", \"metadata\" or \"full\", not \(quoted(value))")
            }
        case "maxrows":
            if let rows = Int(value), rows > 0, value.utf8.allSatisfy(\.isDecimalDigit) {
                obligations.maximumRows = rows
            } else {
                fail(annotation, "@maxrows takes a number from 1, not \(quoted(value))")
            }
        default: break
        }
    }

    private mutating func fail(_ annotation: AnnotationSyntax, _ message: String) {
        errors.append((annotation.valueRange.start, message))
    }
}
