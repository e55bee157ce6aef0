import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Channel {
    /// Makes the close that follows a reset (RST), which no peer can take for the end of what was sent.
    func resetOnClose() {
        _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}
