/// What one session may cost in memory.
struct SFTPLimits: Sendable {
    /// The largest value of a packet's length field. OpenSSH takes no more either.
    var maximumPacket = 256 * 1024
    /// The caller's bytes that wait behind a decision, before `wantsMoreFromCaller` says to stop reading.
    var maximumHeldBytes = 1024 * 1024
    /// Requests that the host has not answered. Later ones wait.
    var maximumRequestsInFlight = 1024
    /// Files and folders open at once. A further OPEN fails.
    var maximumHandles = 1024
    /// Bytes of a path; Linux's PATH_MAX. Longer paths are answered with SSH_FX_BAD_MESSAGE, as OpenSSH does.
    var maximumPath = 4096
    /// The largest file that is read whole to be masked.
    var maximumMaskedFile = 64 * 1024 * 1024
    /// All that is kept for masking at one time, over all open files.
    var maximumMaskedTotal = 128 * 1024 * 1024
    /// Answers to READ that came before an earlier part of their file, kept for the digest, over all open files.
    var maximumEarlyBytes = 16 * 1024 * 1024

    /// The most content that fits into one DATA or WRITE beside its header.
    var maximumContent: Int { max(1, maximumPacket - 1024) }
}
