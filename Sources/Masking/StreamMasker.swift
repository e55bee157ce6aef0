import NIOCore

/// Masks one answer as it passes, in chunks cut anywhere. What leaves does not depend on where they were cut.
///
/// Memory is bounded whatever the answer's length: what is held back is a cut token or the last bytes of a text
/// (an event of at most 1 MiB in event streams), and the names of the objects that are open.
public struct StreamMasker {
    private let plan: MaskingPlan
    private var tap: OriginalsTap?
    // One of them, or none under an empty plan. Not an enum, so that each is changed in place.
    private var json: JSONMasker?
    private var text: TextMasker?
    private var events: EventStreamMasker?
    private var failure: MaskingError?

    /// - Throws: `.notInspectable` where the plan's rules cannot be applied to the format at all.
    public init(plan: MaskingPlan, format: MaskedFormat) throws(MaskingError) {
        self.plan = plan
        guard let compiled = plan.compiled, compiled.selectsInDocuments else { return }
        let tap = plan.tap?.value
        self.tap = tap
        switch format {
        case .json: json = JSONMasker(plan: compiled, tap: tap)
        case .ndjson: json = JSONMasker(plan: compiled, isSequence: true, tap: tap)
        case .text: text = try TextMasker(plan: compiled, tap: tap)
        case .serverSentEvents: events = EventStreamMasker(plan: compiled, tap: tap)
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
    /// - Throws: `.notInspectable`, or `.originalsNotKept`; nothing more may be sent then, and every later call throws
    ///   the same.
    public mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> MaskedBytes {
        if let failure { throw failure }
        guard plan.compiled?.selectsInDocuments == true else { return MaskedBytes(buffer: chunk) }
        do throws(MaskingError) {
            if let masked = try json?.mask(chunk) { return try passed(masked) }
            if let masked = try text?.mask(chunk) { return try passed(masked) }
            if let masked = try events?.mask(chunk) { return try passed(masked) }
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
            if let masked = try json?.finish() { return try passed(masked) }
            if let masked = try text?.finish() { return try passed(masked) }
            if let masked = try events?.finish() { return try passed(masked) }
        } catch {
            failure = error
            throw error
        }
        return MaskedBytes(buffer: ByteBuffer())
    }

    /// What was masked while its originals could not be kept does not pass.
    private func passed(_ masked: ByteBuffer) throws(MaskingError) -> MaskedBytes {
        if let failure = tap?.failure { throw .originalsNotKept(reason: failure.reason) }
        return MaskedBytes(buffer: masked)
    }
}
