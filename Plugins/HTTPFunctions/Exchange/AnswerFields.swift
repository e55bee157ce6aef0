import Masking
import NIOCore

/// Which of a function's fields reach the caller.
struct AnswerFields {
    let setCookie: FunctionTarget.Passing
    /// Credentials that were sent to the function: a field that echoes one is dropped.
    let secrets: UpstreamSecrets
    let masking: MaskingPlan
    /// Whether the body may differ from the function's, so that what describes its bytes is untrue.
    let isRewritten: Bool

    /// The lines for the caller, without framing fields, and what was masked in them.
    ///
    /// - Throws: `MaskingError` when a value cannot be inspected.
    @discardableResult
    func lines(of head: ResponseHead, into buffer: inout ByteBuffer) throws(MaskingError) -> [MaskCount] {
        var counts: [MaskCount] = []
        let hopFields = Set(head.connection.hopFields)
        let rules = masking.fields
        try head.fields.visit { (known, name, value) throws(MaskingError) in
            guard passes(known, name) else { return }
            if !hopFields.isEmpty, hopFields.contains(String(decoding: name, as: UTF8.self).lowercased()) { return }
            if secrets.occur(in: value) { return }
            if masking.isEmpty || Self.isPlain(known) {
                buffer.writeField(name, value)
            } else if !rules.selectsNothing, rules.member(String(decoding: name, as: UTF8.self)).isSelected {
                buffer.writeBytes(name)
                buffer.writeStaticString(": [masked]\r\n")
                counts += keep(name, value)
            } else {
                counts += try writeMasked(name, value, into: &buffer)
            }
        }
        return counts
    }

    /// Counts, and keeps for auditors, the value of a field that a rule selects by its name.
    private func keep(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> [MaskCount] {
        let name = String(decoding: name, as: UTF8.self)
        guard var cells = CellMasker(plan: masking), let rule = cells.rule(for: CellNames(result: name)) else {
            return []
        }
        cells.describe(columns: [OriginalsColumns.Column(name: "header \(name)", encoding: .text)])
        cells.count(rule, original: value)
        return cells.counts
    }

    private func passes(_ known: KnownField, _ name: UnsafeRawBufferPointer) -> Bool {
        switch known {
        case .connection, .keepAlive, .transferEncoding, .contentLength, .te, .trailer, .upgrade, .proxyConnection,
            .proxyAuthenticate, .proxyAuthorization:
            false
        case .setCookie: setCookie == .pass
        // It would lead callers past the gateway.
        case .altSvc: false
        case .etag, .acceptRanges, .contentRange, .contentMD5, .digest: !isRewritten
        case .other:
            !startsIgnoringCase(name, "sallyport-")
                && !(isRewritten
                    && (equalIgnoringCase(name, "repr-digest") || equalIgnoringCase(name, "content-digest")))
        default: true
        }
    }

    /// Fields whose values are words of the protocol.
    private static func isPlain(_ known: KnownField) -> Bool {
        switch known {
        case .date, .server, .contentType, .cacheControl, .lastModified, .vary, .via, .contentEncoding: true
        default: false
        }
    }

    /// What stands in a value is for detectors to find; a rule for a field's name has taken all of it already.
    private func writeMasked(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) throws(MaskingError) -> [MaskCount] {
        guard var masker = try? StreamMasker(plan: masking, format: .text) else {
            buffer.writeField(name, value)
            return []
        }
        var masked = try masker.mask(ByteBuffer(bytes: value)).buffer
        var rest = try masker.finish().buffer
        masked.writeBuffer(&rest)
        buffer.writeBytes(name)
        buffer.writeStaticString(": ")
        buffer.writeBytes(masked.readableBytesView.map { $0.isFieldValueCharacter ? $0 : 0x20 })
        buffer.writeStaticString("\r\n")
        return masker.counts
    }
}
