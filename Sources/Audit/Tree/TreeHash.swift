import Crypto
import Foundation

/// A SHA-256 value in the Merkle tree (RFC 6962 section 2.1, RFC 9162 section 2.1.1).
public struct TreeHash: Sendable, Hashable {
    /// The 32 bytes in memory order.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    static let byteCount = 32

    /// Takes 32 bytes; `nil` for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self = Array(bytes).withUnsafeBytes { TreeHash(loading: $0, at: 0) }
    }

    init(loading bytes: UnsafeRawBufferPointer, at offset: Int) {
        words = (
            bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
        )
    }

    private init(_ digest: SHA256.Digest) {
        self = digest.withUnsafeBytes { TreeHash(loading: $0, at: 0) }
    }

    /// The root of the tree without entries: SHA-256 of nothing.
    public static let emptyTree = TreeHash(SHA256().finalize())

    /// SHA-256(0x00 || entry).
    public static func leaf(_ entry: UnsafeRawBufferPointer) -> TreeHash {
        var hasher = SHA256()
        Swift.withUnsafeBytes(of: UInt8(0)) { hasher.update(bufferPointer: $0) }
        hasher.update(bufferPointer: entry)
        return TreeHash(hasher.finalize())
    }

    public static func leaf(_ entry: [UInt8]) -> TreeHash { entry.withUnsafeBytes { leaf($0) } }

    /// SHA-256(0x01 || left || right).
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * byteCount, alignment: 8) { buffer in
            buffer[0] = 1
            left.withUnsafeBytes {
                buffer.baseAddress!.advanced(by: 1).copyMemory(from: $0.baseAddress!, byteCount: 32)
            }
            right.withUnsafeBytes {
                buffer.baseAddress!.advanced(by: 33).copyMemory(from: $0.baseAddress!, byteCount: 32)
            }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
            return TreeHash(hasher.finalize())
        }
    }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: words, body)
    }

    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
    public var base64: String { Data(bytes).base64EncodedString() }

    public init?(base64: some StringProtocol) {
        guard let data = Data(base64Encoded: String(base64)) else { return nil }
        self.init(bytes: data)
    }

    public static func == (a: TreeHash, b: TreeHash) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension TreeHash: CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
