import Masking
import NIOCore

/// Overwrites a credential that a function echoes in its answer's body, as some print the request they got: each of
/// its bytes becomes an asterisk, so that lengths stay true. An answer may be cut anywhere.
///
/// A function that encodes the credential in a form of its own, or compresses its answer, is beyond this.
struct CredentialEraser {
    private let secrets: UpstreamSecrets
    /// The end of what has passed, where it may be the start of a credential.
    private var held = ByteBuffer()
    private var count = 0

    init(_ secrets: UpstreamSecrets) { self.secrets = secrets }

    /// As masking counts what it did; nothing when no credential was found.
    var counts: [MaskCount] {
        count == 0 ? [] : [MaskCount(rule: "upstream-credential", selector: "credential", count: count)]
    }

    /// What may pass now; the end of it is held back where it could be the start of a credential.
    mutating func erase(_ chunk: ByteBuffer) -> ByteBuffer {
        guard !secrets.isEmpty else { return chunk }
        var buffer = chunk
        if held.readableBytes > 0 {
            buffer = held
            buffer.writeImmutableBuffer(chunk)
            held = ByteBuffer()
        }
        for pattern in secrets.patterns { overwrite(pattern, in: &buffer) }
        let keep = buffer.withUnsafeReadableBytes { bytes in
            secrets.patterns.reduce(0) { max($0, UpstreamSecrets.overlap(of: bytes, with: $1)) }
        }
        guard keep > 0, let passing = buffer.readSlice(length: buffer.readableBytes - keep) else { return buffer }
        held = buffer
        return passing
    }

    /// What was held back, once the answer has ended.
    mutating func finish() -> ByteBuffer {
        defer { held = ByteBuffer() }
        return held
    }

    private mutating func overwrite(_ pattern: [UInt8], in buffer: inout ByteBuffer) {
        var start = 0
        while let place = buffer.withUnsafeReadableBytes({ UpstreamSecrets.find(pattern, in: $0, from: start) }) {
            buffer.setRepeatingByte(UInt8(ascii: "*"), count: pattern.count, at: buffer.readerIndex + place)
            count += 1
            start = place + pattern.count
        }
    }
}
