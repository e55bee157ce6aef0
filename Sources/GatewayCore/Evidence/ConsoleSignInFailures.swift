import Identifiers
import Identity
import Synchronization

/// Records who could not sign in at the console, within the bound that lanes have: whoever has no account must not be
/// able to fill the disk of the log.
public final class ConsoleSignInFailures: Sendable {
    private let budget = Mutex(FailureBudget())
    private let append: @Sendable (_ entry: [UInt8]) throws -> Void

    /// - Parameter append: Puts an entry into the log.
    public init(append: @escaping @Sendable (_ entry: [UInt8]) throws -> Void) { self.append = append }

    /// Writes an entry, or counts the failure in the next one. A log that takes no entries is no reason to answer
    /// otherwise: the sign-in has failed in any case.
    ///
    /// - Parameter client: Where from: address and port, or `unknown`.
    public func record(_ error: SignInError, client: String, at now: Timestamp) {
        guard let suppressed = budget.withLock({ $0.take(at: now) }) else { return }
        let entry = ControlEntry.consoleSignInFailure(error, client: client, suppressed: suppressed, at: now)
        try? append(entry.bytes)
    }
}
