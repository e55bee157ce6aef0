import Masking
import NIOCore

/// Masks a file that a caller reads under a masking rule: as JSON where its name says so, else as text.
struct FileContentMasker: SFTPContentMasker {
    private let command: RunningCommand
    private let plan: MaskingPlan
    private let format: MaskedFormat

    init(_ command: RunningCommand, _ request: SFTPRequest, _ plan: MaskingPlan) {
        self.command = command
        self.plan = plan
        let name = request.paths.first?.normalised.lowercased() ?? ""
        format =
            name.hasSuffix(".json") ? .json : name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") ? .ndjson : .text
    }

    func masked(_ content: [UInt8], path: String) -> [UInt8]? {
        guard content.withUnsafeBytes({ CellMasker.isText($0) }) else { return nil }
        if let masked = mask(content, as: format) { return masked }
        // What calls itself JSON and is none may still be text.
        return format == .text ? nil : mask(content, as: .text)
    }

    private func mask(_ content: [UInt8], as format: MaskedFormat) -> [UInt8]? {
        do throws(MaskingError) {
            var masker = try StreamMasker(plan: plan, format: format)
            var masked = Array(buffer: try masker.mask(ByteBuffer(bytes: content)).buffer)
            masked += Array(buffer: try masker.finish().buffer)
            command.masked = MaskCount.sum(command.masked + masker.counts)
            return masked
        } catch {
            return nil
        }
    }
}
