import NIOCore

/// Masks one answer as it passes, in chunks cut anywhere.
public struct StreamMasker {
    private let plan: MaskingPlan

    /// - Throws: `.notInspectable` where the plan's rules cannot be applied to the format.
    public init(plan: MaskingPlan, format: MaskedFormat) throws(MaskingError) {
        self.plan = plan
    }

    /// How often each rule masked something so far; rules that did not are absent.
    public var counts: [MaskCount] { [] }

    /// Masks the next chunk. What cannot be decided yet is held back, so that the result may be empty.
    ///
    /// - Throws: `.notInspectable`; the masker is then of no further use, and nothing more may be sent.
    public mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> MaskedBytes {
        guard let passed = plan.passThrough(chunk) else { throw .notInspectable(reason: "masking is not built yet") }
        return passed
    }

    /// Ends the answer and returns what was held back.
    public mutating func finish() throws(MaskingError) -> MaskedBytes { MaskedBytes(buffer: ByteBuffer()) }
}
