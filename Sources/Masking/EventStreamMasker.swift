import NIOCore
import StrictJSON

/// Masks server-sent events (WHATWG HTML, section 9.2): each event leaves, masked, as soon as the blank line after it is
/// there. Data that looks like JSON must be JSON; any other is text.
struct EventStreamMasker {
    /// A line of the event in work.
    private struct Line {
        var bytes: [UInt8]
        var terminator: [UInt8]
        /// Where the data starts, of a data line.
        var dataStart: Int?
    }

    private let plan: CompiledPlan
    private let scanner: DetectorScanner
    private var writer: MaskWriter
    private var json: JSONMasker
    private var line: [UInt8] = []
    private var held: [Line] = []
    private var heldBytes = 0
    private var endedWithCR = false
    private var isFirstLine = true

    /// Bytes of the longest event.
    static let longestEvent = 1 << 20
    /// How streams of completions end, which is no JSON.
    private static let doneMarker = Array("[DONE]".utf8)

    init(plan: CompiledPlan, tap: OriginalsTap? = nil) {
        self.plan = plan
        scanner = DetectorScanner(detectors: plan.detectors)
        writer = MaskWriter(plan: plan, isJSON: false, tap: tap)
        json = JSONMasker(plan: plan, tap: tap)
    }

    var counts: [Int] { zip(writer.counts, json.counts).map { $0 + $1 } }
    var bufferedBytes: Int { line.count + heldBytes }

    mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> ByteBuffer {
        var output = ByteBufferAllocator().buffer(capacity: chunk.readableBytes + 64)
        var rest = chunk.readableBytesView[...]
        if endedWithCR, let first = rest.first {
            endedWithCR = false
            if first == UInt8(ascii: "\n") {
                if held.isEmpty { output.writeInteger(first) } else { held[held.count - 1].terminator.append(first) }
                rest.removeFirst()
            }
        }
        while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            line.append(contentsOf: rest[..<end])
            var terminator = [rest[end]]
            rest = rest[(end + 1)...]
            if terminator[0] == UInt8(ascii: "\r") {
                if rest.first == UInt8(ascii: "\n") { terminator.append(rest.removeFirst()) }
                endedWithCR = rest.isEmpty && terminator.count == 1
            }
            try endLine(terminator, &output)
        }
        line.append(contentsOf: rest)
        try checkLength()
        return output
    }

    /// Ends the stream. What has no blank line after it is no event to a browser, but leaves masked all the same.
    mutating func finish() throws(MaskingError) -> ByteBuffer {
        var output = ByteBuffer()
        if !line.isEmpty { try endLine([], &output) }
        try endEvent(&output)
        return output
    }

    private mutating func endLine(_ terminator: [UInt8], _ output: inout ByteBuffer) throws(MaskingError) {
        var bytes = line
        line.removeAll(keepingCapacity: true)
        if isFirstLine {
            isFirstLine = false
            // A byte order mark would hide the first line's field name.
            if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
        }
        if bytes.isEmpty {
            try endEvent(&output)
            output.writeBytes(terminator)
        } else if let start = Self.dataStart(bytes) {
            heldBytes += bytes.count
            held.append(Line(bytes: bytes, terminator: terminator, dataStart: start))
            try checkLength()
        } else {
            try checkText(bytes)
            if plan.hasDetectors { bytes = masked(bytes) }
            if held.isEmpty {
                output.writeBytes(bytes)
                output.writeBytes(terminator)
            } else {
                heldBytes += bytes.count
                held.append(Line(bytes: bytes, terminator: terminator))
                try checkLength()
            }
        }
    }

    private mutating func endEvent(_ output: inout ByteBuffer) throws(MaskingError) {
        guard !held.isEmpty else { return }
        var data: [UInt8] = []
        var isFirst = true
        for line in held {
            guard let start = line.dataStart else { continue }
            if !isFirst { data.append(UInt8(ascii: "\n")) }
            isFirst = false
            data.append(contentsOf: line.bytes[start...])
        }
        let masked = try maskData(data)
        var mustWriteData = masked != data
        let isUntouched = !mustWriteData
        for line in held {
            if line.dataStart == nil || isUntouched {
                output.writeBytes(line.bytes)
                output.writeBytes(line.terminator)
            } else if mustWriteData {
                mustWriteData = false
                for part in masked.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                    output.writeStaticString("data: ")
                    output.writeBytes(part)
                    output.writeBytes(line.terminator.isEmpty ? [UInt8(ascii: "\n")] : line.terminator)
                }
            }
        }
        held.removeAll(keepingCapacity: true)
        heldBytes = 0
    }

    private mutating func maskData(_ data: [UInt8]) throws(MaskingError) -> [UInt8] {
        let first = data.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a }
        let isJSON =
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["): data != Self.doneMarker
            case UInt8(ascii: "\""): (try? JSONValue(parsing: data)) != nil
            default: false
            }
        if isJSON {
            json.restart()
            var masked = try json.mask(ByteBuffer(bytes: data))
            var rest = try json.finish()
            masked.writeBuffer(&rest)
            return Array(masked.readableBytesView)
        }
        try checkText(data)
        guard plan.hasDetectors || first == nil || data == Self.doneMarker else {
            throw .notInspectable(
                reason: "rules for fields cannot be applied to an event of text, and no detector is among them")
        }
        return masked(data)
    }

    private mutating func masked(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { writer.maskText($0, scanner: scanner) } ?? bytes
    }

    private func checkText(_ bytes: [UInt8]) throws(MaskingError) {
        if bytes.contains(0) { throw .notInspectable(reason: "a NUL byte in an event") }
    }

    private func checkLength() throws(MaskingError) {
        guard line.count + heldBytes <= Self.longestEvent else {
            throw .notInspectable(reason: "an event is longer than \(Self.longestEvent) bytes")
        }
    }

    /// Where a data field's value starts; `nil` for any other field and for comments.
    private static func dataStart(_ line: [UInt8]) -> Int? {
        guard line.starts(with: "data".utf8) else { return nil }
        if line.count == 4 { return 4 }
        guard line[4] == UInt8(ascii: ":") else { return nil }
        return line.count > 5 && line[5] == UInt8(ascii: " ") ? 6 : 5
    }
}
