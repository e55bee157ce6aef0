/// A five-character code of an error or notice (PostgreSQL documentation, appendix A).
struct SQLState: Sendable, Hashable {
    let code: String

    init(_ code: String) { self.code = code }

    static let idleSessionTimeout = SQLState("57P05")
    static let successfulCompletion = SQLState("00000")
    static let connectionFailure = SQLState("08006")
    static let sqlClientUnableToConnect = SQLState("08001")
    static let protocolViolation = SQLState("08P01")
    static let featureNotSupported = SQLState("0A000")
    static let invalidBinaryRepresentation = SQLState("22P03")
    static let invalidAuthorization = SQLState("28000")
    static let invalidPassword = SQLState("28P01")
    static let invalidCatalogName = SQLState("3D000")
    static let insufficientPrivilege = SQLState("42501")
    static let syntaxError = SQLState("42601")
    static let tooManyConnections = SQLState("53300")
    static let configurationLimitExceeded = SQLState("53400")
    static let programLimitExceeded = SQLState("54000")
    static let queryCanceled = SQLState("57014")
    static let adminShutdown = SQLState("57P01")
    static let cannotConnectNow = SQLState("57P03")
    static let systemError = SQLState("58000")
}
