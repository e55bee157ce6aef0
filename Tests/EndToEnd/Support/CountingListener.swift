import Foundation
import Synchronization

/// A port that nobody should connect to, and how many did.
final class CountingListener: Sendable {
    let url: String
    private let descriptor: Int32
    private let count = Mutex(0)

    var connections: Int { count.withLock { $0 } }

    init() async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)/groups"
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let bound = RawSocket.withLoopback(port) { [descriptor] in bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 16) == 0 else { throw TestFailure("cannot listen: errno \(errno)") }
        let listening = descriptor
        Thread.detachNewThread { [weak self] in
            while true {
                let accepted = accept(listening, nil, nil)
                guard accepted >= 0 else { return }
                close(accepted)
                self?.count.withLock { $0 += 1 }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
