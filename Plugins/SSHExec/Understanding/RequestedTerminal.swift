import Foundation
import GatewayCore
import StrictJSON

/// What a caller says of its terminal (`pty-req`, RFC 4254, section 6.2) that the host's programs go by. Its size is
/// not part of it, for that changes while one waits for an approval.
struct RequestedTerminal {
    /// What becomes `TERM`.
    let type: String
    /// The encoded terminal modes (section 8).
    let modes: [UInt8]

    var parameters: [Parameter] {
        [
            Parameter(name: "terminal.type", value: .string(type), encoding: "pty"),
            Parameter(name: "terminal.modes", value: .string(Data(modes).base64EncodedString()), encoding: "base64"),
        ]
    }
}
