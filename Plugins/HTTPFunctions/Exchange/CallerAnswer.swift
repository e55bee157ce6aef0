import Masking
import NIOCore

/// Bytes that may go to a caller: a function's, which went through a masking plan, or the gateway's own. There is no
/// third way to make them, so an answer cannot be passed on unmasked by mistake.
struct CallerBytes {
    private(set) var buffer: ByteBuffer

    init(_ masked: MaskedBytes) { buffer = masked.buffer }

    init(_ answer: GatewayAnswer) { buffer = answer.body }

    mutating func append(_ more: CallerBytes) { buffer.writeImmutableBuffer(more.buffer) }

    var isEmpty: Bool { buffer.readableBytes == 0 }

    static let empty = CallerBytes(empty: ())
    private init(empty: Void) { buffer = ByteBuffer() }
}

/// Status and fields of an answer to a caller.
struct AnswerHead {
    enum Length {
        /// Neither body nor length: 204, 304, or a HEAD whose length is unknown.
        case none
        /// A length without a body: the answer to HEAD.
        case withoutBody(Int)
        case known(Int)
        /// Told by the protocol: chunked, DATA frames, or the end of the connection.
        case open
    }

    var status: Int
    /// `name: value` lines with their ends, without framing and connection fields.
    var lines: ByteBuffer
    var length: Length
}

/// The caller's side of one exchange, in whichever version of HTTP.
///
/// All of it happens on the event loop. After `isLast` or `abort()` the exchange is over and touches its peer no more.
protocol ExchangePeer: AnyObject {
    var isWritable: Bool { get }
    /// Sends `100 Continue`.
    func sendContinue()
    func send(_ head: AnswerHead, _ body: CallerBytes, isLast: Bool)
    func send(_ body: CallerBytes, isLast: Bool)
    func flush()
    /// Ends the answer so that the caller can tell that it is not whole.
    func abort()
}
