import StrictJSON

/// The part of a text that waits for more: what is not decided yet, and a little of what went out before it, which
/// decisions may look at. Holds a few hundred bytes between chunks, whatever the text's length.
struct ScanWindow {
    /// Content as the scanner sees it: look-behind, then from `cursor.position` on what is not decided.
    private var content: [UInt8] = []
    private var cursor = DetectorScanner.Cursor()
    /// The undecided part as it came, where the content had to be unescaped; `content` itself otherwise.
    private var raw: [UInt8] = []
    /// Where each byte of `content` starts in `raw`.
    private var offsets: [Int] = []
    private var decoded = 0
    private var isMapped = false
    /// Nothing of the text went out yet, so that it may still turn out to be one match.
    private var isWhole = true

    /// Bytes held.
    var count: Int { content.count + raw.count + offsets.count * MemoryLayout<Int>.stride }

    mutating func reset() {
        content.removeAll(keepingCapacity: true)
        raw.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        cursor = DetectorScanner.Cursor()
        decoded = 0
        isMapped = false
        isWhole = true
    }

    /// Takes the next part and writes what is decided.
    ///
    /// - Parameters:
    ///   - unescapes: the text has `\u` escapes, from this part on or from before.
    ///   - isFinal: the text ends with this part.
    /// - Returns: the detector's rule if the whole text is one match that becomes `null`; nothing is written then.
    @discardableResult
    mutating func take(
        _ part: UnsafeRawBufferPointer, unescapes: Bool, isFinal: Bool, context: ScanContext, scanner: DetectorScanner,
        writer: inout MaskWriter
    ) -> RuleIndex? {
        if unescapes, !isMapped { map() }
        if isMapped {
            raw.append(contentsOf: part)
            decode()
        } else {
            content.append(contentsOf: part)
        }
        let null = scan(isFinal: isFinal, context: context, scanner: scanner, writer: &writer)
        if isFinal { reset() } else { compact() }
        return null
    }

    /// Writes what is held back and cannot be part of a match, whatever follows.
    mutating func settle(scanner: DetectorScanner, writer: inout MaskWriter) {
        guard !isMapped else { return }
        content.withUnsafeBytes { bytes in
            let end = scanner.settledEnd(bytes, cursor)
            writeUntouched(cursor.position, end, bytes, bytes, &writer)
            cursor.position = end
        }
        compact()
    }

    private mutating func scan(
        isFinal: Bool, context: ScanContext, scanner: DetectorScanner, writer: inout MaskWriter
    ) -> RuleIndex? {
        // What an escape that is cut at the end will be is not known, and nothing comes after the end.
        content.withUnsafeBytes { bytes in
            raw.withUnsafeBytes { raw in
                let text = ScannedText(bytes: bytes, isFinal: isFinal)
                var written = cursor.position
                while let match = scanner.next(in: text, from: &cursor, context: context) {
                    let rule = writer.plan.detectorRules[match.detector.index]
                    if isWhole, isFinal, match.start == 0, match.end == bytes.count,
                        writer.plan.rules[Int(rule)].transform == .null
                    {
                        writer.originals?.keep(bytes, rule: rule, encoding: .text)
                        return rule
                    }
                    writeUntouched(written, match.start, bytes, raw, &writer)
                    writer.writeMatch(
                        match.detector, UnsafeRawBufferPointer(rebasing: bytes[match.start..<match.end]))
                    written = match.end
                }
                writeUntouched(written, cursor.position, bytes, raw, &writer)
                return nil
            }
        }
    }

    private func writeUntouched(
        _ start: Int, _ end: Int, _ bytes: UnsafeRawBufferPointer, _ raw: UnsafeRawBufferPointer,
        _ writer: inout MaskWriter
    ) {
        guard start < end else { return }
        if isMapped {
            writer.writeUntouched(UnsafeRawBufferPointer(rebasing: raw[offset(start)..<offset(end)]))
        } else {
            writer.writeUntouched(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
        }
    }

    private func offset(_ index: Int) -> Int { index < offsets.count ? offsets[index] : decoded }

    /// Goes over to content that is unescaped. What came so far has no `\u`, and stays as it is.
    private mutating func map() {
        isMapped = true
        raw = Array(content[cursor.position...])
        content.removeLast(raw.count)
        offsets = Array(repeating: 0, count: content.count)
        decoded = 0
        decode()
    }

    private mutating func decode() {
        raw.withUnsafeBytes { raw in
            while decoded < raw.count {
                let start = decoded
                if raw[start] == UInt8(ascii: "\\") {
                    guard let escape = JSONStringDecoder.escape(in: raw, at: start) else { return }
                    JSONStringDecoder.append(escape.scalar, to: &content)
                    decoded += escape.length
                } else {
                    content.append(raw[start])
                    decoded += 1
                }
                while offsets.count < content.count { offsets.append(start) }
            }
        }
    }

    private mutating func compact() {
        if cursor.position > 0 { isWhole = false }
        let dropped = max(0, cursor.position - DetectorScanner.lookBehind)
        if isMapped {
            let rawDropped = offset(cursor.position)
            raw.removeFirst(rawDropped)
            decoded -= rawDropped
            offsets.removeFirst(dropped)
            for index in offsets.indices { offsets[index] = max(0, offsets[index] - rawDropped) }
        }
        content.removeFirst(dropped)
        cursor.position -= dropped
        cursor.floor = cursor.position
    }
}
