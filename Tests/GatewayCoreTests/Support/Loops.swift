import NIOCore
import NIOPosix

/// Two event loops that are not the same.
enum Loops {
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private static let both = Array(group.makeIterator())
    static var first: any EventLoop { both[0] }
    static var second: any EventLoop { both[1] }
}
