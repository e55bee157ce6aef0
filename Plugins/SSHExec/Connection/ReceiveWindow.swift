/// What the other side may still send on a channel (RFC 4254, section 5.2).
///
/// It begins small and grows as what comes is consumed. So little is held for a program that policy has not decided on,
/// or for one whose output nobody takes, and one that is kept up with gets all the room that a long way needs.
struct ReceiveWindow {
    static let initial: UInt32 = 64 * 1024
    static let full: UInt32 = 2 * 1024 * 1024

    /// How far the other side may be ahead of what was consumed.
    private(set) var size = Self.initial
    private(set) var left = Self.initial
    /// Consumed and not yet given back.
    private var owed: UInt32 = 0

    /// - Returns: Whether the other side may send so much.
    mutating func take(_ count: Int) -> Bool {
        guard count <= Int(left) else { return false }
        left -= UInt32(count)
        return true
    }

    /// - Parameter room: How much the window may grow; asked only when it can.
    /// - Returns: What the other side is to be told that it may send in addition.
    mutating func consume(_ count: Int, room: @autoclosure () -> Int) -> UInt32? {
        owed += min(UInt32(clamping: count), size - left - owed)
        // A quarter of the window at a time: few messages, and never an empty window for a reader that keeps up.
        guard owed >= size / 4 else { return nil }
        let growth = size < Self.full ? min(size, Self.full - size, UInt32(clamping: room())) : 0
        let bytes = owed + growth
        size += growth
        left += bytes
        owed = 0
        return bytes
    }
}
