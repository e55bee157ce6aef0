import Crypto

/// Writes what stands for masked values, and counts it.
struct MaskWriter {
    let plan: CompiledPlan
    /// Output is the inside of JSON strings, so that what a string cannot hold is escaped.
    let isJSON: Bool
    var output = MaskedOutput()
    /// By rule index.
    private(set) var counts: [Int]
    /// The opening quote of a string that is not written yet, because the string may become `null`.
    var owesQuote = false
    /// Keeps what is masked; `nil` where nobody wants it.
    var originals: DocumentOriginals?
    private var scratch: [UInt8] = []

    init(plan: CompiledPlan, isJSON: Bool, tap: OriginalsTap?) {
        self.plan = plan
        self.isJSON = isJSON
        originals = tap.map { DocumentOriginals(tap: $0, plan: plan, place: isJSON ? DocumentPlace() : nil) }
        counts = Array(repeating: 0, count: plan.rules.count)
    }

    /// Values longer than this are redacted whole where a transform would need all of them.
    static let longestValue = 64 * 1024

    mutating func writeUntouched(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        payQuote()
        output.write(bytes)
    }

    /// Writes the stand-in for a detector's match in a text.
    mutating func writeMatch(_ detector: Detector, _ content: UnsafeRawBufferPointer) {
        payQuote()
        scratch.removeAll(keepingCapacity: true)
        let rule = plan.detectorRules[detector.index]
        counts[Int(rule)] += 1
        originals?.keep(content, rule: rule, encoding: .text)
        plan.rules[Int(rule)].transform.apply(
            to: content, detector: detector, pseudonyms: plan.pseudonyms, appendingTo: &scratch)
        writeContent()
    }

    /// A short text with its matches masked, not escaped; `nil` if it has none.
    mutating func maskText(_ bytes: UnsafeRawBufferPointer, scanner: DetectorScanner) -> [UInt8]? {
        let text = ScannedText(bytes: bytes, isFinal: true)
        var cursor = DetectorScanner.Cursor()
        var masked: [UInt8] = []
        var end = 0
        while let match = scanner.next(in: text, from: &cursor, context: []) {
            let rule = plan.detectorRules[match.detector.index]
            counts[Int(rule)] += 1
            originals?.keep(
                UnsafeRawBufferPointer(rebasing: bytes[match.start..<match.end]), rule: rule, encoding: .text)
            masked.append(contentsOf: bytes[end..<match.start])
            plan.rules[Int(rule)].transform.apply(
                to: UnsafeRawBufferPointer(rebasing: bytes[match.start..<match.end]), detector: match.detector,
                pseudonyms: plan.pseudonyms, appendingTo: &masked)
            end = match.end
        }
        guard end > 0 else { return nil }
        masked.append(contentsOf: bytes[end...])
        return masked
    }

    /// Writes the stand-in for a whole JSON scalar, with its quotes, and keeps the scalar.
    ///
    /// - Parameter original: The scalar, where that is not `content`.
    mutating func writeValue(
        _ rule: RuleIndex, _ content: UnsafeRawBufferPointer, detector: Detector? = nil,
        original: UnsafeRawBufferPointer? = nil, encoding: OriginalsEncoding = .text
    ) {
        originals?.keep(original ?? content, rule: rule, encoding: encoding)
        writeStandIn(rule, content, detector: detector)
    }

    private mutating func writeStandIn(_ rule: RuleIndex, _ content: UnsafeRawBufferPointer, detector: Detector?) {
        owesQuote = false
        counts[Int(rule)] += 1
        let transform = plan.rules[Int(rule)].transform
        if transform == .null {
            output.write(Array("null".utf8))
            return
        }
        scratch.removeAll(keepingCapacity: true)
        transform.apply(to: content, detector: detector, pseudonyms: plan.pseudonyms, appendingTo: &scratch)
        output.write(UInt8(ascii: "\""))
        writeContent()
        output.write(UInt8(ascii: "\""))
    }

    /// Writes what stands for a value of which nothing is needed. Its original is the caller's to keep.
    mutating func writeFixedValue(_ rule: RuleIndex) {
        writeStandIn(rule, UnsafeRawBufferPointer(start: nil, count: 0), detector: nil)
    }

    /// Writes `[REDACTED]` for a value that the rule's transform cannot take. Its original is the caller's to keep.
    mutating func writeRedactedValue(_ rule: RuleIndex) {
        owesQuote = false
        counts[Int(rule)] += 1
        output.write(Array("\"[REDACTED]\"".utf8))
    }

    mutating func endString() {
        payQuote()
        output.write(UInt8(ascii: "\""))
    }

    private mutating func payQuote() {
        guard owesQuote else { return }
        owesQuote = false
        output.write(UInt8(ascii: "\""))
    }

    private mutating func writeContent() {
        if isJSON { JSONStringEscaping.escape(&scratch) }
        output.write(scratch)
    }
}

/// Escapes content for the inside of a JSON string.
enum JSONStringEscaping {
    /// Escapes quotes, backslashes and control characters in place.
    static func escape(_ content: inout [UInt8]) {
        guard content.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) else { return }
        let hex = Array("0123456789abcdef".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(content.count + 16)
        for byte in content {
            switch byte {
            case 0x22, 0x5c: output += [0x5c, byte]
            case 0..<0x20: output += [0x5c, UInt8(ascii: "u"), 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        content = output
    }
}
