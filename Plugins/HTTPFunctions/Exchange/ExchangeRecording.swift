import GatewayCore
import Identifiers
import Masking
import NIOCore
import Policy
import Recording

/// What goes into the session's recording about one exchange, masked by the plan of its own answer.
struct ExchangeRecording {
    /// Bytes of a body that are kept.
    static let bodyLimit = 65_536

    let level: RecordingLevel
    let plan: MaskingPlan
    let entry: CallerSessions.Entry
    let commandID: UUIDv7

    /// Before the request is sent.
    func record(request head: RequestHead, body: ByteBuffer) throws {
        guard level > .none else { return }
        let path = head.target.path
        let query = head.target.query.map { "?\($0)" } ?? ""
        var fields = [
            RecordingField("method", head.method),
            RecordingField("path", entry.session.redacted(path + query, under: plan)),
            RecordingField("body-bytes", "\(body.readableBytes)"),
        ]
        if let type = head.fields.first(.contentType) { fields.append(RecordingField("content-type", type)) }
        var text = ""
        if level == .full, body.readableBytes > 0 {
            text = maskedBody(body, contentType: head.fields.first(.contentType))
        }
        try entry.session.record(
            .request, of: commandID, head: fields, body: text,
            isTruncated: level == .full && body.readableBytes > Self.bodyLimit, mayWait: level < .full)
    }

    /// After the answer has gone to the caller; `body` is what the caller got. An answer that is out already cannot be
    /// held back, so what the disk refuses here is lost; the next command will be refused.
    func record(status: Int, contentType: String?, body: ByteBuffer, bodyBytes: Int) {
        guard level > .none else { return }
        var fields = [RecordingField("status", "\(status)"), RecordingField("body-bytes", "\(bodyBytes)")]
        if let contentType { fields.append(RecordingField("content-type", contentType)) }
        try? entry.session.record(
            .response, of: commandID, head: fields, body: String(buffer: body),
            isTruncated: level == .full && bodyBytes > body.readableBytes, mayWait: level < .full)
    }

    private func maskedBody(_ body: ByteBuffer, contentType: String?) -> String {
        guard !plan.isEmpty else {
            return String(
                buffer: body.getSlice(at: body.readerIndex, length: min(body.readableBytes, Self.bodyLimit)) ?? body)
        }
        do throws(MaskingError) {
            // Of a request nothing is withheld from anybody: it came from the caller.
            var masker = try StreamMasker(
                plan: plan.withoutOriginals, format: try MaskedFormat(contentType: contentType))
            var masked = try masker.mask(body).buffer
            var rest = try masker.finish().buffer
            masked.writeBuffer(&rest)
            return String(buffer: masked.readSlice(length: min(masked.readableBytes, Self.bodyLimit)) ?? masked)
        } catch {
            return "«\(error)»"
        }
    }
}
