import NIOCore

/// Whether the other side still takes what is written to it, however slowly.
struct WriteProgress {
    private let patience: TimeAmount
    private var taken: Int
    private var since: NIODeadline

    /// - Parameter taken: How many bytes have left so far.
    init(patience: TimeAmount, taken: Int, at now: NIODeadline) {
        self.patience = patience
        self.taken = taken
        since = now
    }

    /// Often enough for the end to come hardly later than it should.
    var nextLook: TimeAmount { .nanoseconds(max(patience.nanoseconds / 4, 1_000_000)) }

    /// Whether nothing has left for as long as there is patience.
    mutating func isStalled(taken now: Int, at time: NIODeadline) -> Bool {
        if now != taken {
            taken = now
            since = time
        }
        return time - since >= patience
    }
}
