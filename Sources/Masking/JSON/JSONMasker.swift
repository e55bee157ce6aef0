import NIOCore
import StrictJSON

/// Masks JSON of any length as it passes: rules for paths and fields, detectors in strings, numbers and names.
///
/// The tokenizer says where things stand, this type what becomes of them. Untouched bytes are never looked at twice and
/// leave as slices. What waits for the next chunk is a token that the chunk's end cut, or the last bytes of a long string.
struct JSONMasker {
    /// An array or object that is open.
    struct Frame {
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
    enum Scalar {
        /// It leaves as it is.
        case untouched
        /// A string goes through the scan window.
        case scanned
        /// It is replaced already, and the rest of it is dropped.
        case dropped
        /// It is kept until it is whole.
        case collected
        /// A string that may hold a document is kept until it is whole, or known not to.
        case nested
    }

    var tokenizer: JSONTokenizer
    var writer: MaskWriter
    let plan: CompiledPlan
    let scanner: DetectorScanner
    let fewestDigits: Int
    let scansForAt: Bool
    var lookup: NameLookup
    var names = NamesInUse()
    var frames: [Frame] = []
    var pathSets: [UInt64] = []
    var memberRule = noRule
    var memberPathID: Int16 = -1
    var memberContext: ScanContext = []
    var scalar = Scalar.untouched
    var scalarRule = noRule
    var scalarContext: ScanContext = []
    var window = ScanWindow()
    /// The bytes of a cut token.
    var collected: [UInt8] = []
    var scratch: [UInt8] = []
    /// The depth of the array or object that became `null` and is dropped; 0 if none.
    var droppedDepth = 0
    /// From where in the chunk on what is dropped has not been kept yet.
    var droppedStart = 0
    /// The bytes of a dropped string that end amid an escape, where originals are kept.
    var droppedEscape: [UInt8] = []

    var nested = NestedDocument()
    /// For documents inside strings; made when the first one comes.
    var inner: [JSONMasker] = []
    /// Strings that this document stands in.
    let level: Int
    /// Of documents whose reader is not known, or that a database keeps as they came: duplicates are masked alike.
    let allowsDuplicateNames: Bool
    /// Rules by name exist, so that documents inside strings must be looked into.
    let findsNested: Bool

    /// Arrays and objects that may be open at once.
    static let deepestNesting = 512
    /// Documents inside strings inside documents: deeper ones are text.
    private static let deepestLevel = 3
    /// Bytes of the longest member name.
    static let longestName = 64 * 1024

    init(
        plan: CompiledPlan, isSequence: Bool = false, level: Int = 0, allowsDuplicateNames: Bool = false,
        tap: OriginalsTap? = nil
    ) {
        self.plan = plan
        self.allowsDuplicateNames = allowsDuplicateNames || level > 0
        self.level = level
        findsNested =
            level < Self.deepestLevel && (!plan.fields.isEmpty || plan.paths?.hasDescendantStart == true)
        tokenizer = JSONTokenizer(maximumDepth: Self.deepestNesting, isSequence: isSequence)
        writer = MaskWriter(plan: plan, isJSON: true, tap: tap)
        scanner = DetectorScanner(detectors: plan.detectors)
        fewestDigits = plan.detectors.fewestDigits
        scansForAt = plan.detectors.contains(.email)
        lookup = NameLookup(plan: plan)
    }

    var counts: [Int] { inner.reduce(writer.counts) { zip($0, $1.counts).map { $0 + $1 } } }

    /// Bytes of the answer that are held between two chunks, and what grows with it.
    var bufferedBytes: Int {
        window.count + collected.count + nested.raw.count + nested.content.count + names.byteCount + pathSets.count * 8
    }

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
        tokenizer = JSONTokenizer(maximumDepth: Self.deepestNesting)
        frames.removeAll(keepingCapacity: true)
        pathSets.removeAll(keepingCapacity: true)
        names = NamesInUse()
        window.reset()
        collected.removeAll(keepingCapacity: true)
        droppedDepth = 0
        scalar = .untouched
        writer.originals?.place?.restart()
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(JSONMaskingFailure) {
        var position = 0
        droppedStart = 0
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
                    keepDropped(bytes, to: position)
                    if tokenizer.depth < droppedDepth { droppedDepth = 0 }
                }
                if token.endsChunk { return }
                continue
            }
            switch token {
            case .string, .stringPart: try takeString(bytes, position, isPart: token == .stringPart)
            case .name: try takeName(bytes, position)
            case .number:
                if !tokenizer.isContinuation { beginScalar() }
                takeNumber(bytes, position)
            case .beginObject, .beginArray: beginContainer(bytes, position, isObject: token == .beginObject)
            case .endObject, .endArray:
                let frame = frames.removeLast()
                if frame.isObject { names.remove(frame.names) }
                pathSets.removeLast(pathSets.count - frame.pathSet)
                writer.originals?.place?.close()
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
}

/// Why a document cannot be masked. Says nothing of what it holds.
enum JSONMaskingFailure: Error {
    case malformed(JSONParseError)
    case duplicateName(Int)
    case limit(String)
    case inner(MaskingError)

    var error: MaskingError {
        switch self {
        case .inner(let error): error
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
