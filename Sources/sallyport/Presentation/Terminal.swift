import Foundation
import Identifiers

/// What may be written to a standard stream: colours and moving lines are for a person at a terminal.
struct Terminal {
    let isInteractive: Bool
    /// Off where `NO_COLOR` is set (no-color.org), on a dumb terminal, and in files and pipes.
    let hasColors: Bool

    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let errors = Terminal(descriptor: STDERR_FILENO)
    /// For nobody: shows nothing that moves.
    static let quiet = Terminal(isInteractive: false, environment: [:])

    private init(descriptor: Int32) {
        self.init(isInteractive: isatty(descriptor) == 1, environment: ProcessInfo.processInfo.environment)
    }

    init(isInteractive: Bool, environment: [String: String]) {
        self.isInteractive = isInteractive
        hasColors =
            isInteractive && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] ?? "dumb" != "dumb"
    }

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    func styled(_ text: String, _ style: Style) -> String {
        hasColors ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Writes a line for the person, beside the output.
    static func note(_ text: String) { StandardStreams.complain("\(text)\n") }

    /// `text` on one line and without control characters: what a requester wrote must not steer an approver's terminal.
    static func plain(_ text: String) -> String { text.printable(onOneLine: true) }
}
