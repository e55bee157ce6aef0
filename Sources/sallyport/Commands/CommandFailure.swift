import ArgumentParser
import ConfigFile
import Foundation
import Identity

/// How a command ends; each failure says what to do next. `sallyport --help` of a command that uses one names it.
enum ExitStatus: Int32 {
    /// What was asked for was looked at and is not right: a verification failed, a policy test did not hold.
    case negative = 1
    /// The command line is wrong (what the argument parser uses, EX_USAGE).
    case usage = 64
    /// Nothing there could be reached or read (EX_UNAVAILABLE).
    case unavailable = 69
    /// People have to decide first (EX_TEMPFAIL).
    case pending = 75
    /// The gateway refused, by policy or because nobody is signed in (EX_NOPERM).
    case refused = 77
    /// The configuration is wrong (EX_CONFIG).
    case configuration = 78
}

/// A failure whose text is for the person at the terminal.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    let status: ExitStatus
    /// Of the gateway's refusal, where that is the reason (`rule` of its problem document), e.g. `evidence-deleted`.
    let rule: String?

    init(_ description: String, status: ExitStatus, rule: String? = nil) {
        self.description = description
        self.status = status
        self.rule = rule
    }

    /// Prints the text on standard error and ends the command with the status.
    func exit() -> Never {
        Terminal.note("sallyport: \(description)")
        Foundation.exit(status.rawValue)
    }
}

/// A command that ends with `ExitStatus`: it throws `CommandFailure` and the person reads one sentence.
protocol ReportingCommand: AsyncParsableCommand {
    func perform() async throws
}

extension ReportingCommand {
    func run() async throws {
        do {
            try await perform()
            try StandardStreams.check()
        } catch let failure as CommandFailure {
            failure.exit()
        } catch let errors as ConfigErrors {
            CommandFailure(errors.description, status: .configuration).exit()
        } catch let error as DocumentError {
            CommandFailure(
                "\(Terminal.plain(error.description)); `sallyport doctor` looks at what runs and what does not",
                status: .unavailable
            ).exit()
        } catch let error as DeviceAuthorizationError {
            CommandFailure(error).exit()
        } catch let error as RuleError {
            CommandFailure(error.description, status: .configuration).exit()
        }
    }
}

extension CommandFailure {
    init(_ error: DeviceAuthorizationError) {
        let status: ExitStatus =
            switch error {
            case .notOffered, .unusable, .unreachable: .unavailable
            default: .refused
            }
        self.init(Terminal.plain(error.description), status: status)
    }
}
