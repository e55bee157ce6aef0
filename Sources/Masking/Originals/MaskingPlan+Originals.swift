import NIOCore

extension MaskingPlan {
    /// The same rules, with what they take going to `tap`: for the one answer that the tap is for.
    ///
    /// - Parameter eventLoop: The one that masks.
    public func keepingOriginals(in tap: OriginalsTap, on eventLoop: any EventLoop) -> MaskingPlan {
        isEmpty ? self : MaskingPlan(compiled: compiled, tap: NIOLoopBound(tap, eventLoop: eventLoop))
    }

    /// The same rules, for what is masked beside the answer: attempts, and copies for recordings.
    public var withoutOriginals: MaskingPlan { MaskingPlan(compiled: compiled) }

    public var keepsOriginals: Bool { tap != nil }

    /// Why what is masked cannot be sealed any more, so that nothing further of the answer may pass.
    public var originalsFailure: MaskingError? {
        tap?.value.failure.map { .originalsNotKept(reason: $0.reason) }
    }

    /// Seals what was masked so far. Called before an answer ends: then it can still fail in the protocol's own words.
    public func sealOriginals() throws(MaskingError) {
        guard let tap else { return }
        do throws(OriginalsFailure) {
            try tap.value.flush()
        } catch {
            throw .originalsNotKept(reason: error.reason)
        }
    }
}
