import NIOCore
import StrictJSON

/// Masks JSON of any length as it passes: rules for paths and fields, detectors in strings, numbers and names.
///
/// The tokenizer says where things stand, this type what becomes of them. Untouched bytes are never looked at twice and
/// leave as slices. What waits for the next chunk is a token that the chunk's end cut, or the last bytes of a long string.
struct JSONMasker {
    /// An array or object that is open.
    private struct Frame {
        var isObject: Bool
        /// The strictest rule for all that lies inside.
        var rule: RuleIndex
        var context: ScanContext
        var nextElement = 0
        /// Where its set starts in `pathSets`.
        var pathSet: Int
        var names: NamesInUse.Mark
        var maskedNames = 0
    }

    /// What becomes of the scalar in work.
    private enum Scalar {
        /// It leaves as it is.
        case untouched
        /// A string goes through the scan window.
        case scanned
        /// It is replaced already, and the rest of it is dropped.
        case dropped
        /// It is kept until it is whole.
        case collected
    }

    private var tokenizer: JSONTokenizer
    private var writer: MaskWriter
    private let plan: CompiledPlan
    private let scanner: DetectorScanner
    private let fewestDigits: Int
    private let scansForAt: Bool
    private var lookup: NameLookup
    private var names = NamesInUse()
    private var frames: [Frame] = []
    private var pathSets: [UInt64] = []
    private var memberRule = noRule
    private var memberPathID: Int16 = -1
    private var memberContext: ScanContext = []
    private var scalar = Scalar.untouched
    private var scalarRule = noRule
    private var scalarContext: ScanContext = []
    private var window = ScanWindow()
    /// The bytes of a cut token.
    private var collected: [UInt8] = []
    private var scratch: [UInt8] = []
    /// The depth of the array or object that became `null` and is dropped; 0 if none.
    private var droppedDepth = 0

    /// Bytes of the longest member name.
    static let longestName = 64 * 1024

    init(plan: CompiledPlan, isSequence: Bool = false) {
        self.plan = plan
        tokenizer = JSONTokenizer(maximumDepth: 512, isSequence: isSequence)
        writer = MaskWriter(plan: plan, isJSON: true)
        scanner = DetectorScanner(detectors: plan.detectors)
        fewestDigits = plan.detectors.fewestDigits
        scansForAt = plan.detectors.contains(.email)
        lookup = NameLookup(plan: plan)
    }

    var counts: [Int] { writer.counts }

    /// Bytes of the answer that are held between two chunks, and what grows with it.
    var bufferedBytes: Int { window.count + collected.count + names.byteCount + pathSets.count * 8 }

    mutating func mask(_ chunk: ByteBuffer) throws(MaskingError) -> ByteBuffer {
        writer.output.begin(chunk)
        let failure: JSONMaskingFailure? = chunk.withUnsafeReadableBytes { bytes in
            do throws(JSONMaskingFailure) {
                try take(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure.error }
        return writer.output.end()
    }

    /// Ends the document.
    mutating func finish() throws(MaskingError) -> ByteBuffer {
        writer.output.begin(ByteBuffer())
        do {
            if try tokenizer.finish() == .number { takeNumber(UnsafeRawBufferPointer(start: nil, count: 0), 0) }
        } catch {
            throw JSONMaskingFailure.malformed(error).error
        }
        return writer.output.end()
    }

    /// Forgets the document, for the next one.
    mutating func restart() {
        tokenizer = JSONTokenizer(maximumDepth: 512)
        frames.removeAll(keepingCapacity: true)
        pathSets.removeAll(keepingCapacity: true)
        names = NamesInUse()
        window.reset()
        collected.removeAll(keepingCapacity: true)
        droppedDepth = 0
        scalar = .untouched
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(JSONMaskingFailure) {
        var position = 0
        while true {
            let token: JSONTokenizer.Token
            do {
                token = try tokenizer.next(bytes, &position)
            } catch {
                throw .malformed(error)
            }
            if droppedDepth > 0 {
                if position == bytes.count || tokenizer.depth < droppedDepth {
                    writer.output.endRun(at: 0, next: position, in: bytes)
                    if tokenizer.depth < droppedDepth { droppedDepth = 0 }
                }
                if token.endsChunk { return }
                continue
            }
            switch token {
            case .string, .stringPart: takeString(bytes, position, isPart: token == .stringPart)
            case .name: try takeName(bytes, position)
            case .number:
                if !tokenizer.isContinuation { beginScalar() }
                takeNumber(bytes, position)
            case .beginObject, .beginArray: beginContainer(bytes, position, isObject: token == .beginObject)
            case .endObject, .endArray:
                let frame = frames.removeLast()
                if frame.isObject { names.remove(frame.names) }
                pathSets.removeLast(pathSets.count - frame.pathSet)
            case .true, .false, .null:
                if !tokenizer.isContinuation { beginScalar() }
                takeLiteral(bytes, position, isNull: token == .null)
            case .namePart, .numberPart, .literalPart:
                if !tokenizer.isContinuation, token != .namePart { beginScalar() }
                collect(bytes, position)
                guard collected.count <= Self.longestName else {
                    throw .limit("a member name is longer than \(Self.longestName) bytes")
                }
            case .needMore: return
            }
            if token.endsChunk { return }
        }
    }

    // MARK: Values

    /// Finds what applies to the value that starts, and leaves its path set on top of `pathSets`.
    private mutating func enterValue() -> (rule: RuleIndex, context: ScanContext) {
        guard let last = frames.indices.last else {
            if let paths = plan.paths { pathSets.append(contentsOf: paths.start) }
            return (plan.paths?.rootRule ?? noRule, [])
        }
        var rule = frames[last].rule
        var child = PathAutomaton.Child.member(nameID: memberPathID)
        if frames[last].isObject {
            rule = min(rule, memberRule)
        } else {
            child = .element(frames[last].nextElement)
            frames[last].nextElement &+= 1
        }
        if let paths = plan.paths {
            rule = min(rule, paths.enter(child, from: frames[last].pathSet, in: &pathSets))
        }
        return (rule, frames[last].isObject ? memberContext : frames[last].context)
    }

    private mutating func beginScalar() {
        (scalarRule, scalarContext) = enterValue()
        if let paths = plan.paths { pathSets.removeLast(paths.words) }
        collected.removeAll(keepingCapacity: true)
    }

    private mutating func beginContainer(_ bytes: UnsafeRawBufferPointer, _ position: Int, isObject: Bool) {
        let pathSet = pathSets.count
        let (rule, context) = enterValue()
        if rule != noRule, plan.rules[Int(rule)].transform == .null {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            writer.writeFixedValue(rule)
            pathSets.removeLast(pathSets.count - pathSet)
            droppedDepth = tokenizer.depth
            return
        }
        frames.append(Frame(isObject: isObject, rule: rule, context: context, pathSet: pathSet, names: names.mark()))
    }

    private mutating func takeString(_ bytes: UnsafeRawBufferPointer, _ position: Int, isPart: Bool) {
        let isFirst = !tokenizer.isContinuation
        if isFirst {
            beginScalar()
            beginString(bytes, position, isPart: isPart)
        }
        let start = tokenizer.tokenStart + (isFirst ? 1 : 0)
        let end = isPart ? position : position - 1
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end)])
        switch scalar {
        case .untouched: break
        case .dropped: writer.output.endRun(at: 0, next: position, in: bytes)
        case .collected:
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            if collected.count + content.count > MaskWriter.longestValue {
                writer.writeRedactedValue(scalarRule)
                collected.removeAll(keepingCapacity: true)
                scalar = .dropped
            } else {
                collected.append(contentsOf: content)
                if !isPart { writeCollectedString() }
            }
        case .scanned:
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            let null = window.take(
                content, unescapes: tokenizer.hasUnicodeEscape, isFinal: !isPart, context: scalarContext,
                scanner: scanner, writer: &writer)
            if let null {
                writer.writeFixedValue(null)
            } else if !isPart {
                writer.endString()
            }
        }
    }

    /// Decides what becomes of a string. One that is whole and needs no unescaping is scanned where it stands.
    private mutating func beginString(_ bytes: UnsafeRawBufferPointer, _ position: Int, isPart: Bool) {
        scalar = .untouched
        if scalarRule != noRule {
            switch plan.rules[Int(scalarRule)].transform {
            case .null, .redact, .replace:
                writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
                writer.writeFixedValue(scalarRule)
                scalar = .dropped
            case .keepFirst, .keepLast, .pseudonym: scalar = .collected
            }
        } else if plan.hasDetectors {
            if isPart || tokenizer.hasUnicodeEscape {
                window.reset()
                writer.owesQuote = true
                scalar = .scanned
            } else if tokenizer.digitCount >= fewestDigits || (scansForAt && tokenizer.hasAt) {
                scanInPlace(bytes, tokenizer.tokenStart + 1, position - 1)
            }
        }
    }

    private mutating func scanInPlace(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
        let content = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let text = ScannedText(bytes: content, isFinal: true)
        var cursor = DetectorScanner.Cursor()
        while let match = scanner.next(in: text, from: &cursor, context: scalarContext) {
            let matched = UnsafeRawBufferPointer(rebasing: content[match.start..<match.end])
            let rule = plan.detectorRules[match.detector.index]
            if match.start == 0, match.end == content.count, plan.rules[Int(rule)].transform == .null {
                writer.output.endRun(at: start - 1, next: end + 1, in: bytes)
                writer.writeFixedValue(rule)
                return
            }
            writer.output.endRun(at: start + match.start, next: start + match.end, in: bytes)
            writer.writeMatch(match.detector, matched)
        }
    }

    private mutating func writeCollectedString() {
        scratch.removeAll(keepingCapacity: true)
        collected.withUnsafeBytes { _ = JSONStringDecoder.decode($0, into: &scratch) }
        collected.removeAll(keepingCapacity: true)
        scratch.withUnsafeBytes { writer.writeValue(scalarRule, $0) }
    }

    /// A number is masked as a string: no other number could stand for it without lying.
    private mutating func takeNumber(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart..<position])
        if tokenizer.isContinuation {
            // What earlier chunks held is collected, and leaves only now.
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            collected.append(contentsOf: part)
            collected.withUnsafeBytes { number in
                if scalarRule != noRule {
                    writer.writeValue(scalarRule, number)
                } else if let found = numberMatch(number) {
                    found.digits.withUnsafeBytes { writer.writeValue(found.rule, $0, detector: found.detector) }
                } else {
                    writer.writeUntouched(number)
                }
            }
            collected.removeAll(keepingCapacity: true)
        } else if scalarRule != noRule {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            writer.writeValue(scalarRule, part)
        } else if part.count >= NumberDetection.fewestDigits, let found = numberMatch(part) {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            found.digits.withUnsafeBytes { writer.writeValue(found.rule, $0, detector: found.detector) }
        }
    }

    private func numberMatch(
        _ number: UnsafeRawBufferPointer
    ) -> (rule: RuleIndex, detector: Detector, digits: [UInt8])? {
        guard
            let found = NumberDetection.match(number, detectors: plan.detectors, context: scalarContext)
        else { return nil }
        return (plan.detectorRules[found.detector.index], found.detector, found.digits)
    }

    private mutating func takeLiteral(_ bytes: UnsafeRawBufferPointer, _ position: Int, isNull: Bool) {
        if tokenizer.isContinuation {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            collected.append(contentsOf: bytes[tokenizer.tokenStart..<position])
            if scalarRule == noRule || isNull { collected.withUnsafeBytes { writer.writeUntouched($0) } }
            collected.removeAll(keepingCapacity: true)
        } else if scalarRule != noRule, !isNull {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
        }
        guard scalarRule != noRule, !isNull else { return }
        switch plan.rules[Int(scalarRule)].transform {
        case .null, .redact, .replace: writer.writeFixedValue(scalarRule)
        // There are two of them, so that any part or digest of one gives it away.
        case .keepFirst, .keepLast, .pseudonym: writer.writeRedactedValue(scalarRule)
        }
    }

    private mutating func collect(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        if !tokenizer.isContinuation { collected.removeAll(keepingCapacity: true) }
        writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
        collected.append(contentsOf: bytes[tokenizer.tokenStart..<position])
    }

    // MARK: Names

    private mutating func takeName(_ bytes: UnsafeRawBufferPointer, _ position: Int) throws(JSONMaskingFailure) {
        if tokenizer.isContinuation {
            collect(bytes, position)
            let whole = collected
            collected.removeAll(keepingCapacity: true)
            let failure: JSONMaskingFailure? = whole.withUnsafeBytes { raw in
                do throws(JSONMaskingFailure) {
                    if let masked = try enterMember(UnsafeRawBufferPointer(rebasing: raw[1..<raw.count - 1])) {
                        writer.output.write(masked)
                    } else {
                        writer.output.write(raw)
                    }
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
        } else {
            let raw = UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart + 1..<position - 1])
            if let masked = try enterMember(raw) {
                writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
                writer.output.write(masked)
            }
        }
    }

    /// Takes note of a member's name. Returns what stands for it, with quotes, if a detector finds something in it.
    private mutating func enterMember(_ raw: UnsafeRawBufferPointer) throws(JSONMaskingFailure) -> [UInt8]? {
        guard tokenizer.hasEscape else { return try enterMember(unescaped: raw) }
        var name: [UInt8] = []
        JSONStringDecoder.decode(raw, into: &name)
        let result: Result<[UInt8]?, JSONMaskingFailure> = name.withUnsafeBytes { bytes in
            Result { () throws(JSONMaskingFailure) in try enterMember(unescaped: bytes) }
        }
        return try result.get()
    }

    private mutating func enterMember(
        unescaped name: UnsafeRawBufferPointer
    ) throws(JSONMaskingFailure) -> [UInt8]? {
        let hash = NameHash.hash(name)
        let frame = frames.count - 1
        guard names.insert(hash, &frames[frame].names) else { throw .duplicateName(tokenizer.offset) }
        let meaning = lookup.meaning(of: name, hash: hash)
        memberRule = meaning.rule
        memberPathID = meaning.pathID
        memberContext = meaning.inheritsContext ? meaning.context.union(frames[frame].context) : meaning.context
        guard plan.hasDetectors, name.count >= 4,
            tokenizer.hasUnicodeEscape || tokenizer.digitCount >= fewestDigits || (scansForAt && tokenizer.hasAt)
        else { return nil }
        guard var masked = writer.maskText(name, scanner: scanner) else { return nil }
        // Numbered within an object from the second on, so that names stay unique.
        frames[frame].maskedNames += 1
        if frames[frame].maskedNames > 1 { masked.append(contentsOf: "#\(frames[frame].maskedNames)".utf8) }
        JSONStringEscaping.escape(&masked)
        return [UInt8(ascii: "\"")] + masked + [UInt8(ascii: "\"")]
    }
}

/// Why a document cannot be masked. Says nothing of what it holds.
enum JSONMaskingFailure: Error {
    case malformed(JSONParseError)
    case duplicateName(Int)
    case limit(String)

    var error: MaskingError {
        switch self {
        case .malformed(let error): .notInspectable(reason: "not strict JSON: \(error)")
        case .duplicateName(let offset):
            .notInspectable(reason: "not strict JSON: a name stands twice in one object at byte \(offset)")
        case .limit(let message): .notInspectable(reason: message)
        }
    }
}

extension JSONTokenizer.Token {
    /// The chunk is used up.
    var endsChunk: Bool {
        switch self {
        case .needMore, .namePart, .stringPart, .numberPart, .literalPart: true
        default: false
        }
    }
}
