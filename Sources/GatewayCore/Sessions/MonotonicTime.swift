import NIOCore

/// A point on the clock that never goes back, for durations; wall-clock moments are `Timestamp`s.
struct MonotonicTime {
    private let deadline: NIODeadline

    static var now: MonotonicTime { MonotonicTime(deadline: .now()) }

    var elapsedMicroseconds: Int64 { (NIODeadline.now() - deadline).nanoseconds / 1000 }
}
