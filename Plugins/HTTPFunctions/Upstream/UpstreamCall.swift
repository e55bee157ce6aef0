import GatewayCore
import Masking
import NIOCore
import Policy

/// A request as it goes onto a connection.
struct UpstreamRequest {
    let method: String
    /// The whole head, with the empty line.
    let head: ByteBuffer
    let body: ByteBuffer

    /// Safe methods (RFC 9110 section 9.2.1) may be sent again on a fresh connection when a kept one turned out dead.
    var isSafe: Bool { method == "GET" || method == "HEAD" || method == "OPTIONS" }
}

/// Who gets the answer. All calls come on the event loop, in the order in which they stand here.
protocol UpstreamReceiver: AnyObject {
    func receive(_ head: ResponseHead)
    func receiveBody(_ chunk: ByteBuffer)
    func receiveEnd()
    func receiveFailure(_ failure: UpstreamFailure)
    /// What has arrived so far has been handed over; more may come.
    func receivePause()
}

/// One permitted request on its way: holds the permit until the outcome is known.
final class UpstreamCall {
    private var permit: Permit?
    let request: UpstreamRequest
    private(set) var receiver: (any UpstreamReceiver)?
    var connection: UpstreamConnection?
    private weak var pool: UpstreamPool?
    let deadline: NIODeadline
    /// When it was put among those that wait for a connection.
    var waitsSince = NIODeadline.distantPast
    /// Whether bytes of the request may have left.
    var isSent = false
    var isRetried = false

    let masking: MaskingPlan

    init(
        _ permit: consuming Permit, request: UpstreamRequest, receiver: any UpstreamReceiver, pool: UpstreamPool,
        deadline: NIODeadline
    ) {
        masking = permit.masking
        self.permit = consume permit
        self.request = request
        self.receiver = receiver
        self.pool = pool
        self.deadline = deadline
    }

    /// Records how the call ended. Only the first outcome counts.
    func end(_ outcome: Outcome) {
        guard let permit = permit.take() else { return }
        permit.end(outcome)
    }

    /// Takes no further part: nothing more is received, and a connection that is in the middle of this call closes.
    func cancel() {
        receiver = nil
        pool?.forget(self)
        connection?.giveUp(self)
    }

    /// Takes the receiver, which then hears no more of the call.
    func takeReceiver() -> (any UpstreamReceiver)? {
        defer { receiver = nil }
        return receiver
    }

    func pauseReading() { connection?.pauseReading() }
    func resumeReading() { connection?.resumeReading() }
}
