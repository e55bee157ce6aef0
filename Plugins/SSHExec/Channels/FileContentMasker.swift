import Masking
import NIOCore

/// Masks what a caller gets to see of files under a masking rule: a file's content, and names and messages as text.
///
/// Rules for fields and places apply to JSON alone. Under such rules a file that is no JSON is refused, whatever it is
/// called: who may write could else make it so by one more byte, or rename it, and read all of it in the clear.
struct FileContentMasker: SFTPContentMasker {
    private let plan: MaskingPlan
    /// The ways to read the content, of which the first that succeeds is taken.
    private let formats: [MaskedFormat]
    private let count: ([MaskCount]) -> Void

    init(_ command: RunningCommand, _ request: SFTPRequest, _ plan: MaskingPlan) {
        self.init(plan, path: request.paths.first?.normalised ?? "") { counts in
            command.masked = MaskCount.sum(command.masked + counts)
        }
    }

    /// - Parameter count: Hears what was masked.
    init(_ plan: MaskingPlan, path: String, count: @escaping ([MaskCount]) -> Void) {
        self.plan = plan
        self.count = count
        let name = path.lowercased().utf8
        func ends(with suffix: String) -> Bool { name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
        let isSequence = ends(with: ".ndjson") || ends(with: ".jsonl")
        if plan.selectsInJSON {
            formats = isSequence ? [.ndjson, .json] : [.json, .ndjson]
        } else {
            // Detectors find in text what they find in JSON; as JSON it stays a document.
            formats = isSequence ? [.ndjson, .text] : ends(with: ".json") ? [.json, .text] : [.text]
        }
    }

    func masked(_ content: [UInt8], path: String) throws(SFTPUnmaskable) -> [UInt8] {
        guard plan.selectsInJSON || plan.selectsInText else {
            throw SFTPUnmaskable(reason: "the masking rules are for columns of databases, and select nothing in files")
        }
        guard !content.isEmpty else { return content }
        guard content.withUnsafeBytes({ CellMasker.isText($0) }) else {
            throw SFTPUnmaskable(reason: "it is no text")
        }
        for format in formats {
            if let masked = try mask(content, as: format) { return masked }
        }
        throw SFTPUnmaskable(
            reason: plan.selectsInJSON ? "masking rules for fields apply, and it is not JSON" : "it is no text")
    }

    func masked(text: [UInt8]) throws(SFTPUnmaskable) -> [UInt8] {
        // A name has no fields, so that the other rules have nothing to say about it.
        guard plan.selectsInText else { return text }
        // A listing has thousands: they are sealed together, with what comes next or at the end.
        guard let masked = try mask(text, as: .text, sealing: false) else {
            throw SFTPUnmaskable(reason: "a name is no text")
        }
        return masked
    }

    /// - Returns: `nil` where the content is not of this format.
    ///
    /// - Parameter sealing: Whether its originals are sealed when this returns.
    private func mask(
        _ content: [UInt8], as format: MaskedFormat, sealing: Bool = true
    ) throws(SFTPUnmaskable) -> [UInt8]? {
        guard let tried = try? mask(content, as: format, under: plan.withoutOriginals) else { return nil }
        guard plan.keepsOriginals, !tried.counts.isEmpty else {
            count(tried.counts)
            return tried.masked
        }
        // Once more, now that it is known to be of this format: of an attempt that failed no originals may stay.
        do throws(MaskingError) {
            let kept = try mask(content, as: format, under: plan)
            if sealing { try plan.sealOriginals() }
            if let failure = plan.originalsFailure { throw failure }
            count(kept.counts)
            return kept.masked
        } catch {
            throw SFTPUnmaskable(reason: "\(error)")
        }
    }

    private func mask(
        _ content: [UInt8], as format: MaskedFormat, under plan: MaskingPlan
    ) throws(MaskingError) -> (masked: [UInt8], counts: [MaskCount]) {
        var masker = try StreamMasker(plan: plan, format: format)
        var masked = Array(buffer: try masker.mask(ByteBuffer(bytes: content)).buffer)
        masked += Array(buffer: try masker.finish().buffer)
        return (masked, masker.counts)
    }
}
