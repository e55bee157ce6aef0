import NIOCore

/// Masks one answer as it passes, in chunks cut anywhere. What leaves does not depend on where they were cut.
///
/// Memory is bounded whatever the answer's length: what is held back is a cut token or the last bytes of a text
/// (an event of at most 1 MiB in event streams), and the names of the objects that are open.
public struct StreamMasker {
    private let plan: MaskingPlan
    // One of them, or none under an empty plan. Not an enum, so that each is changed in place.
    private var json: JSONMasker?
    private var text: TextMasker?
    private var events: EventStreamMasker?
    private var failure: MaskingError?

    /// - Throws: `.notInspectable` where the plan's rules cannot be applied to the format at all.
    public init(plan: MaskingPlan, format: MaskedFormat) throws(MaskingError) {
        self.plan = plan
        guard let compiled = plan.compiled, compiled.selectsInDocuments else { return }
        switch format {
        case .json: json = JSONMasker(plan: compiled)
        case .ndjson: json = JSONMasker(plan: compiled, isSequence: true)
        case .text: text = try TextMasker(plan: compiled)
        case .serverSentEvents: events = EventStreamMasker(plan: compiled)
        }
    }

    /// How often each rule masked something so far; rules that did not are absent.
    public var counts: [MaskCount] {
        plan.compiled?.counts(json?.counts ?? text?.counts ?? events?.counts ?? []) ?? []
    }

    /// Bytes of the answer that are held back.
    var bufferedBytes: Int { json?.bufferedBytes ?? text?.bufferedBytes ?? events?.bufferedBytes ?? 0 }

    /// Masks the next chunk. What cannot be decided yet is held back, so that the result may be empty.
    ///
    /// - Throws: `.notInspectable`; nothing more may be sent then, and every later call throws the same.
    public mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> MaskedBytes {
        if let failure { throw failure }
        guard plan.compiled?.selectsInDocuments == true else { return MaskedBytes(buffer: chunk) }
        do throws(MaskingError) {
            if let masked = try json?.mask(chunk) { return MaskedBytes(buffer: masked) }
            if let masked = try text?.mask(chunk) { return MaskedBytes(buffer: masked) }
            if let masked = try events?.mask(chunk) { return MaskedBytes(buffer: masked) }
        } catch {
            failure = error
            throw error
        }
        return MaskedBytes(buffer: ByteBuffer())
    }

    /// Lets go of what is held back and cannot be part of a match, whatever follows: for answers that pause, as when a
    /// program waits for its user. Only text has such a part.
    ///
    /// - Throws: as `mask` did, if it did.
    public mutating func settle() throws(MaskingError) -> MaskedBytes {
        if let failure { throw failure }
        return MaskedBytes(buffer: text?.settle() ?? ByteBuffer())
    }

    /// Ends the answer and returns what was held back.
    ///
    /// - Throws: `.notInspectable` where the answer ends too early for its format.
    public mutating func finish() throws(MaskingError) -> MaskedBytes {
        if let failure { throw failure }
        do throws(MaskingError) {
            if let masked = try json?.finish() { return MaskedBytes(buffer: masked) }
            if let masked = try text?.finish() { return MaskedBytes(buffer: masked) }
            if let masked = try events?.finish() { return MaskedBytes(buffer: masked) }
        } catch {
            failure = error
            throw error
        }
        return MaskedBytes(buffer: ByteBuffer())
    }
}
