import Audit
import GatewayCore
import Logging
import NIOPosix
import ServiceLifecycle

/// Follows the signed log into its index, and makes that anew when it is of another log or damaged.
struct SessionIndexer: Service {
    let index: AuditIndex
    let reader: AuditReader
    let logger: Logger
    /// Entries taken over before it is asked whether to stop.
    private static let portion: UInt64 = 65_536

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isChecked = false
            while !Task.isCancelled {
                do {
                    if !isChecked { try await onThread { try index.check(against: reader) } }
                    isChecked = true
                    while !Task.isCancelled, try await catchUp() {}
                } catch let error as IndexError where error.isCuredByRenewal {
                    logger.warning("the index of the audit log is made anew", metadata: ["because": "\(error)"])
                    do { try index.renew() } catch {
                        logger.error("the index cannot be made anew", metadata: ["error": "\(error)"])
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("the index does not follow the audit log", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Takes over a portion; false when there was nothing more.
    func catchUp() async throws -> Bool {
        try await onThread { try index.follow(reader, atMost: Self.portion) }
    }

    private func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive { try body() }
    }
}

extension IndexError {
    fileprivate var isCuredByRenewal: Bool {
        switch self {
        case .missing, .otherSchema, .damaged, .disagrees: true
        case .behind, .inUse, .notWritable: false
        }
    }
}
