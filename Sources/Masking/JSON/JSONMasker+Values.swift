import NIOCore
import StrictJSON

/// Values of the JSON masker: which rule applies to one, and what leaves in its place.
extension JSONMasker {
    /// Finds what applies to the value that starts, and leaves its path set on top of `pathSets`.
    mutating func enterValue() -> (rule: RuleIndex, context: ScanContext) {
        guard let last = frames.indices.last else {
            guard let paths = plan.paths else { return (noRule, []) }
            // A document inside a string has no place in the outer one, so that only `$..` reaches into it.
            pathSets.append(contentsOf: level == 0 ? paths.start : paths.descendantStart)
            return (level == 0 ? paths.rootRule : noRule, [])
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

    mutating func beginScalar() {
        (scalarRule, scalarContext) = enterValue()
        if let paths = plan.paths { pathSets.removeLast(paths.words) }
        collected.removeAll(keepingCapacity: true)
    }

    mutating func beginContainer(_ bytes: UnsafeRawBufferPointer, _ position: Int, isObject: Bool) {
        let pathSet = pathSets.count
        let (rule, context) = enterValue()
        if rule != noRule, plan.rules[Int(rule)].transform == .null {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            writer.writeFixedValue(rule)
            pathSets.removeLast(pathSets.count - pathSet)
            droppedDepth = tokenizer.depth
            droppedStart = tokenizer.tokenStart
            writer.originals?.begin(rule: rule, encoding: .json)
            return
        }
        frames.append(Frame(isObject: isObject, rule: rule, context: context, pathSet: pathSet, names: names.mark()))
        writer.originals?.place?.open(isArray: !isObject)
    }

    mutating func takeString(
        _ bytes: UnsafeRawBufferPointer, _ position: Int, isPart: Bool
    ) throws(JSONMaskingFailure) {
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
        case .dropped:
            writer.output.endRun(at: 0, next: position, in: bytes)
            keepDropped(content, isLast: !isPart)
        case .collected:
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            if collected.count + content.count > MaskWriter.longestValue {
                writer.writeRedactedValue(scalarRule)
                beginDropped()
                if writer.originals != nil {
                    let before = collected
                    before.withUnsafeBytes { keepDropped($0, isLast: false) }
                    keepDropped(content, isLast: !isPart)
                }
                collected.removeAll(keepingCapacity: true)
                scalar = .dropped
            } else {
                collected.append(contentsOf: content)
                if !isPart { writeCollectedString() }
            }
        case .scanned:
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            scan(content, isPart: isPart)
        case .nested:
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            switch nested.take(content, isFinal: !isPart) {
            case .open where isPart:
                guard nested.raw.count <= NestedDocument.longest else {
                    throw .limit("JSON inside a string is longer than \(NestedDocument.longest) bytes")
                }
            case .open: try writeNested()
            case .tooDeep: throw .limit("JSON inside a string is nested deeper than \(Self.deepestNesting)")
            case .notJSON: leaveNested(isPart: isPart)
            }
        }
    }

    private mutating func scan(_ content: UnsafeRawBufferPointer, isPart: Bool) {
        let null = window.take(
            content, unescapes: tokenizer.hasUnicodeEscape, isFinal: !isPart, context: scalarContext,
            scanner: scanner, writer: &writer)
        if let null {
            writer.writeFixedValue(null)
        } else if !isPart {
            writer.endString()
        }
    }

    /// Masks the document inside a string, which is whole.
    private mutating func writeNested() throws(JSONMaskingFailure) {
        if inner.isEmpty { inner.append(JSONMasker(plan: plan, level: level + 1, tap: writer.originals?.tap)) }
        inner[0].restart()
        if let originals = writer.originals {
            inner[0].writer.originals?.prefix = originals.name
            inner[0].writer.originals?.row = originals.row
        }
        let before = inner[0].counts
        do throws(MaskingError) {
            var masked = try inner[0].mask(ByteBuffer(bytes: nested.content))
            var rest = try inner[0].finish()
            writer.output.write(UInt8(ascii: "\""))
            if inner[0].counts == before {
                writer.output.write(nested.raw)
            } else {
                masked.writeBuffer(&rest)
                var content = Array(masked.readableBytesView)
                JSONStringEscaping.escape(&content)
                writer.output.write(content)
            }
            writer.output.write(UInt8(ascii: "\""))
        } catch {
            throw .inner(error)
        }
        nested.begin()
    }

    /// Goes on with a string that turned out to hold no document.
    private mutating func leaveNested(isPart: Bool) {
        let raw = nested.raw
        nested.begin()
        if plan.hasDetectors {
            scalar = .scanned
            window.reset()
            writer.owesQuote = true
            raw.withUnsafeBytes { scan($0, isPart: isPart) }
        } else {
            scalar = .untouched
            writer.output.write(UInt8(ascii: "\""))
            writer.output.write(raw)
            if !isPart { writer.output.write(UInt8(ascii: "\"")) }
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
                beginDropped()
                scalar = .dropped
            case .keepFirst, .keepLast, .pseudonym: scalar = .collected
            }
        } else if findsNested,
            NestedDocument.mayBegin(
                UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart + 1..<(isPart ? position : position - 1)]),
                isPart: isPart)
        {
            nested.begin()
            scalar = .nested
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
                writer.originals?.keep(matched, rule: rule, encoding: .text)
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
    mutating func takeNumber(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        let part = UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart..<position])
        if tokenizer.isContinuation {
            // What earlier chunks held is collected, and leaves only now.
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            collected.append(contentsOf: part)
            collected.withUnsafeBytes { number in
                if scalarRule != noRule {
                    writer.writeValue(scalarRule, number, encoding: .json)
                } else if let found = numberMatch(number) {
                    write(found, for: number)
                } else {
                    writer.writeUntouched(number)
                }
            }
            collected.removeAll(keepingCapacity: true)
        } else if scalarRule != noRule {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            writer.writeValue(scalarRule, part, encoding: .json)
        } else if part.count >= NumberDetection.fewestDigits, let found = numberMatch(part) {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            write(found, for: part)
        }
    }

    private mutating func write(_ found: NumberMatch, for number: UnsafeRawBufferPointer) {
        found.digits.withUnsafeBytes {
            writer.writeValue(found.rule, $0, detector: found.detector, original: number, encoding: .json)
        }
    }

    private typealias NumberMatch = (rule: RuleIndex, detector: Detector, digits: [UInt8])

    private func numberMatch(_ number: UnsafeRawBufferPointer) -> NumberMatch? {
        guard
            let found = NumberDetection.match(number, detectors: plan.detectors, context: scalarContext)
        else { return nil }
        return (plan.detectorRules[found.detector.index], found.detector, found.digits)
    }

    mutating func takeLiteral(_ bytes: UnsafeRawBufferPointer, _ position: Int, isNull: Bool) {
        if tokenizer.isContinuation {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            collected.append(contentsOf: bytes[tokenizer.tokenStart..<position])
            if scalarRule == noRule || isNull {
                collected.withUnsafeBytes { writer.writeUntouched($0) }
            } else {
                collected.withUnsafeBytes { writer.originals?.keep($0, rule: scalarRule, encoding: .json) }
            }
            collected.removeAll(keepingCapacity: true)
        } else if scalarRule != noRule, !isNull {
            writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
            writer.originals?.keep(
                UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart..<position]), rule: scalarRule,
                encoding: .json)
        }
        guard scalarRule != noRule, !isNull else { return }
        switch plan.rules[Int(scalarRule)].transform {
        case .null, .redact, .replace: writer.writeFixedValue(scalarRule)
        // There are two of them, so that any part or digest of one gives it away.
        case .keepFirst, .keepLast, .pseudonym: writer.writeRedactedValue(scalarRule)
        }
    }

    // MARK: Originals of what is dropped as it passes

    private mutating func beginDropped() {
        guard let originals = writer.originals else { return }
        originals.begin(rule: scalarRule, encoding: .text)
        droppedEscape.removeAll(keepingCapacity: true)
    }

    /// - Parameter content: The next part of the dropped string's inside, as it came.
    private mutating func keepDropped(_ content: UnsafeRawBufferPointer, isLast: Bool) {
        guard let tap = writer.originals?.tap else { return }
        if droppedEscape.isEmpty, !content.contains(UInt8(ascii: "\\")) {
            tap.append(content, isLast: isLast)
        } else {
            droppedEscape.append(contentsOf: content)
            var decoded: [UInt8] = []
            let used = droppedEscape.withUnsafeBytes { JSONStringDecoder.decode($0, into: &decoded) }
            droppedEscape.removeFirst(used)
            decoded.withUnsafeBytes { tap.append($0, isLast: isLast) }
        }
    }

    /// Keeps the array or object that is dropped, up to `position` of the chunk.
    mutating func keepDropped(_ bytes: UnsafeRawBufferPointer, to position: Int) {
        guard let tap = writer.originals?.tap else { return }
        let part = UnsafeRawBufferPointer(rebasing: bytes[droppedStart..<position])
        tap.append(part, isLast: tokenizer.depth < droppedDepth)
        droppedStart = position
    }

    mutating func collect(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        if !tokenizer.isContinuation { collected.removeAll(keepingCapacity: true) }
        writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
        collected.append(contentsOf: bytes[tokenizer.tokenStart..<position])
    }
}
