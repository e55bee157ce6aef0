import NIOCore

/// Something that gives up when it has waited too long.
protocol Sweepable: AnyObject {
    /// Called every now and then, on the event loop.
    func sweep(at now: NIODeadline)
}

/// Looks at all deadlines of one event loop at regular intervals.
///
/// A timer for each request would cost more than the request's parsing; a deadline that is an integer in an object
/// costs nothing until it passes. Deadlines are therefore met within one interval.
final class DeadlineSweeper {
    static let interval = TimeAmount.milliseconds(100)

    private let eventLoop: any EventLoop
    private var members: [ObjectIdentifier: any Sweepable] = [:]
    private var isScheduled = false

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func add(_ member: any Sweepable) {
        members[ObjectIdentifier(member)] = member
        schedule()
    }

    func remove(_ member: any Sweepable) { members[ObjectIdentifier(member)] = nil }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        isScheduled = false
        let now = NIODeadline.now()
        // A copy: members leave while they are swept.
        for member in Array(members.values) { member.sweep(at: now) }
        if !members.isEmpty { schedule() }
    }
}
