import NIOCore

/// Bytes that went through a masking plan. Only this module makes them, so that an adapter which writes only
/// `MaskedBytes` to a caller cannot forget to mask.
public struct MaskedBytes: Sendable {
    public let buffer: ByteBuffer
}

extension MaskingPlan {
    /// The bytes as they are, where no rule applies; `nil` unless the plan is empty.
    public func passThrough(_ buffer: ByteBuffer) -> MaskedBytes? {
        isEmpty ? MaskedBytes(buffer: buffer) : nil
    }
}
