import Masking
import NIOCore

/// Masks one stream of a program's output as it passes.
struct OutputMasker {
    private let plan: MaskingPlan
    private var masker: StreamMasker?
    private var earlier: [MaskCount] = []
    /// Whether something may be held back.
    private(set) var mayHold = false

    /// - Throws: `.notInspectable` where some of the rules cannot be applied to text: what they are for would pass.
    init(_ plan: MaskingPlan) throws(MaskingError) {
        guard plan.isEmpty || (plan.selectsInText && !plan.selectsInJSON) else {
            throw .notInspectable(reason: "its rules are not for text alone; give SSH a set of detectors")
        }
        self.plan = plan
        masker = plan.isEmpty ? nil : try StreamMasker(plan: plan, format: .text)
    }

    mutating func mask(_ bytes: ByteBuffer) throws(MaskingError) -> ByteBuffer {
        guard let masked = try masker?.mask(bytes) else { return bytes }
        mayHold = true
        return masked.buffer
    }

    /// Lets go of what is held back and cannot be part of a regulated value, whatever comes.
    mutating func settle() throws(MaskingError) -> ByteBuffer {
        guard let settled = try masker?.settle() else { return ByteBuffer() }
        return settled.buffer
    }

    /// Lets go of what is held back, as if the text ended here: what comes later is a text of its own.
    mutating func flush() throws(MaskingError) -> ByteBuffer {
        guard var ending = masker, mayHold else { return ByteBuffer() }
        let rest = try ending.finish()
        earlier += ending.counts
        mayHold = false
        masker = try StreamMasker(plan: plan, format: .text)
        return rest.buffer
    }

    /// How often each rule masked something.
    var counts: [MaskCount] { MaskCount.sum(earlier + (masker?.counts ?? [])) }
}
