import NIOCore

/// Masks detector matches in text of any length.
struct TextMasker {
    private var writer: MaskWriter
    private let scanner: DetectorScanner
    private var window = ScanWindow()

    init(plan: CompiledPlan, tap: OriginalsTap? = nil) throws(MaskingError) {
        guard plan.hasDetectors else {
            throw .notInspectable(reason: "rules for fields cannot be applied to text, and no detector is among them")
        }
        writer = MaskWriter(plan: plan, isJSON: false, tap: tap)
        scanner = DetectorScanner(detectors: plan.detectors)
    }

    var counts: [Int] { writer.counts }
    var bufferedBytes: Int { window.count }

    mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> ByteBuffer {
        try take(chunk, isFinal: false)
    }

    mutating func settle() -> ByteBuffer {
        writer.output.begin(ByteBuffer())
        window.settle(scanner: scanner, writer: &writer)
        return writer.output.end()
    }

    mutating func finish() throws(MaskingError) -> ByteBuffer {
        try take(ByteBuffer(), isFinal: true)
    }

    private mutating func take(_ chunk: ByteBuffer, isFinal: Bool) throws(MaskingError) -> ByteBuffer {
        writer.output.begin(chunk)
        let hasNUL = chunk.withUnsafeReadableBytes { bytes in
            guard !bytes.contains(0) else { return true }
            writer.output.endRun(at: 0, next: bytes.count, in: bytes)
            window.take(
                bytes, unescapes: false, isFinal: isFinal, context: [], scanner: scanner, writer: &writer)
            return false
        }
        guard !hasNUL else {
            throw .notInspectable(reason: "a NUL byte in text: it is binary, or UTF-16 without saying so")
        }
        return writer.output.end()
    }
}
