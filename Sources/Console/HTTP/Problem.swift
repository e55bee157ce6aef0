import Approvals
import GatewayCore
import HTTPTypes
import Identity
import StrictJSON

/// An answer that says what went wrong (RFC 9457), which rule decided it and what can be done.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// A short name that does not change.
    var code: String
    var detail: String
    var nextStep: String
    /// The rule that decided: a policy's name, or the same as `code`.
    var rule: String?
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String, next nextStep: String, rule: String? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.nextStep = nextStep
        self.rule = rule
    }

    var json: JSONValue {
        [
            "type": .string("urn:sallyport:problem:\(code)"), "title": .string(status.reasonPhrase),
            "status": .number(String(status.code)), "code": .string(code), "detail": .string(detail),
            "rule": .string(rule ?? code), "next_step": .string(nextStep),
        ]
    }
}

extension Problem {
    static func badRequest(_ detail: String, next: String = "Correct the request; /api/v1/openapi.json describes it.")
        -> Problem
    {
        Problem(.badRequest, "bad-request", detail, next: next)
    }

    static func notFound(_ what: String, next: String = "Check the name; lists show what there is.") -> Problem {
        Problem(.notFound, "not-found", "There is no \(what).", next: next)
    }

    static let unexpected = Problem(
        .internalServerError, "internal", "The gateway could not answer.",
        next: "Try again later; the operator finds the cause in the gateway's log.")

    /// The answer to an error that the parts of the gateway throw; `nil` for one that nobody foresaw.
    init?(_ error: any Error) {
        switch error {
        case let error as Problem: self = error
        case let error as SignInError: self.init(error)
        case let error as Refusal: self.init(error)
        case let error as ApprovalError: self.init(error)
        case let error as SSHKeyError: self.init(error)
        default: return nil
        }
    }

    private init(_ error: SignInError) {
        let isOurs = if case .issuerUnavailable = error { true } else { false }
        self.init(isOurs ? .serviceUnavailable : .unauthorized, error.code, error.reason, next: error.nextStep)
        // RFC 6750 section 3: without a token no error code, with a bad one `invalid_token`.
        let parameters = error == .missing ? "" : ", error=\"invalid_token\""
        if !isOurs { headers[.wwwAuthenticate] = "Bearer realm=\"sallyport\"\(parameters)" }
    }

    private init(_ refusal: Refusal) {
        let status: HTTPResponse.Status = refusal.kind == .unavailable ? .serviceUnavailable : .forbidden
        self.init(status, refusal.kind.rawValue, refusal.reason, next: refusal.nextStep, rule: refusal.rule)
    }

    private init(_ error: ApprovalError) {
        let status: HTTPResponse.Status =
            switch error {
            case .notFound: .notFound
            case .justificationMissing, .justificationTooLong, .justificationUnreadable: .badRequest
            case .ownTicket, .groupsUnknown, .notAnApprover: .forbidden
            case .alreadyDecided, .wrongState, .expired, .alreadyRedeemed, .doesNotCover: .conflict
            case .requirementImpossible, .tooManyPending: .conflict
            case .notRecorded, .store: .serviceUnavailable
            }
        self.init(status, error.code, error.reason, next: error.nextStep)
    }

    private init(_ error: SSHKeyError) {
        let status: HTTPResponse.Status =
            switch error {
            case .registeredByAnother: .conflict
            case .notProven: .forbidden
            case .malformed, .privateKey, .tooLarge, .algorithmRefused, .rsaLength: .badRequest
            }
        self.init(status, error.code, error.reason, next: error.nextStep)
    }
}
