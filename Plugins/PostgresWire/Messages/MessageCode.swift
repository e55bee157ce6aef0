/// The codes of PostgreSQL's messages (PostgreSQL documentation, section 55.7).
enum MessageCode {
    // Frontend.
    static let bind = UInt8(ascii: "B")
    static let close = UInt8(ascii: "C")
    static let copyFail = UInt8(ascii: "f")
    static let describe = UInt8(ascii: "D")
    static let execute = UInt8(ascii: "E")
    static let flush = UInt8(ascii: "H")
    static let functionCall = UInt8(ascii: "F")
    static let parse = UInt8(ascii: "P")
    static let password = UInt8(ascii: "p")
    static let query = UInt8(ascii: "Q")
    static let sync = UInt8(ascii: "S")
    static let terminate = UInt8(ascii: "X")

    // Both.
    static let copyData = UInt8(ascii: "d")
    static let copyDone = UInt8(ascii: "c")

    // Backend.
    static let authentication = UInt8(ascii: "R")
    static let backendKeyData = UInt8(ascii: "K")
    static let bindComplete = UInt8(ascii: "2")
    static let closeComplete = UInt8(ascii: "3")
    static let commandComplete = UInt8(ascii: "C")
    static let copyBothResponse = UInt8(ascii: "W")
    static let copyInResponse = UInt8(ascii: "G")
    static let copyOutResponse = UInt8(ascii: "H")
    static let dataRow = UInt8(ascii: "D")
    static let emptyQueryResponse = UInt8(ascii: "I")
    static let errorResponse = UInt8(ascii: "E")
    static let functionCallResponse = UInt8(ascii: "V")
    static let negotiateProtocolVersion = UInt8(ascii: "v")
    static let noData = UInt8(ascii: "n")
    static let noticeResponse = UInt8(ascii: "N")
    static let notificationResponse = UInt8(ascii: "A")
    static let parameterDescription = UInt8(ascii: "t")
    static let parameterStatus = UInt8(ascii: "S")
    static let parseComplete = UInt8(ascii: "1")
    static let portalSuspended = UInt8(ascii: "s")
    static let readyForQuery = UInt8(ascii: "Z")
    static let rowDescription = UInt8(ascii: "T")
}
