import NIOCore
import Synchronization

/// The connections that an upstream has open, so that it can hang up on all of them.
public final class OpenChannels: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    public init() {}

    public func add(_ channel: any Channel) { open.withLock { $0[ObjectIdentifier(channel)] = channel } }

    public func remove(_ channel: any Channel) { open.withLock { $0[ObjectIdentifier(channel)] = nil } }

    /// Closes them all; one that its peer has closed already is closed enough.
    public func hangUp() async {
        for channel in open.withLock({ Array($0.values) }) { try? await channel.close() }
    }
}
