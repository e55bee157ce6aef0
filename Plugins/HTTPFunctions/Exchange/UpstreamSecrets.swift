import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The texts of a credential that must never reach a caller, in every form in which a function may echo them: as
/// sent, without the scheme before the token, and with `\/` for `/`, as many write JSON.
struct UpstreamSecrets: Sendable {
    static let none = UpstreamSecrets([])

    /// Shorter ones would hit ordinary words.
    private static let minimumLength = 8

    /// The longer first: it may hold a shorter one, whose erasing would hide it.
    let patterns: [[UInt8]]

    var isEmpty: Bool { patterns.isEmpty }

    init(_ texts: [String]) {
        var found: Set<String> = []
        for text in texts {
            for part in [text, text.split(separator: " ").last.map(String.init) ?? ""]
            where part.utf8.count >= Self.minimumLength {
                found.insert(part)
                found.insert(part.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/"))
            }
        }
        patterns = found.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    func occur(in bytes: UnsafeRawBufferPointer) -> Bool {
        patterns.contains { Self.find($0, in: bytes, from: 0) != nil }
    }

    /// Where `pattern` stands in `bytes` at `start` or later.
    static func find(_ pattern: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let end = bytes.count - pattern.count + 1
        var place = start
        while place < end, let next = memchr(base + place, Int32(pattern[0]), end - place) {
            if memcmp(next, pattern, pattern.count) == 0 { return UnsafeRawPointer(next) - base }
            place = UnsafeRawPointer(next) - base + 1
        }
        return nil
    }

    /// The length of the longest end of `bytes` that `pattern` starts with, all of it excepted.
    static func overlap(of bytes: UnsafeRawBufferPointer, with pattern: [UInt8]) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var start = max(0, bytes.count - pattern.count + 1)
        while start < bytes.count, let next = memchr(base + start, Int32(pattern[0]), bytes.count - start) {
            let place = UnsafeRawPointer(next) - base
            if memcmp(next, pattern, bytes.count - place) == 0 { return bytes.count - place }
            start = place + 1
        }
        return 0
    }
}
