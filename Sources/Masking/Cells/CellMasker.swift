import NIOCore
import StrictJSON

/// Masks single values of tables: one maker of stand-ins for all cells of a result.
///
/// It knows rules, detectors and text, and no database's types: what a stand-in must look like so that it is a value of
/// the column's type is its caller's matter. Nothing is allocated for a cell that is as long as one before.
public struct CellMasker {
    /// A rule of the plan.
    public struct Rule: Sendable, Hashable {
        let index: RuleIndex
        /// `ruleset/rule`.
        public let name: String
        public let transform: Transform
    }

    /// What became of a value.
    public enum Outcome: Sendable, Hashable {
        /// Nothing was masked and nothing written.
        case untouched
        /// The stand-in is appended to the output.
        case written
        /// The value becomes NULL; what the output holds beyond its former end does not count.
        case null
    }

    private let plan: CompiledPlan
    private let scanner: DetectorScanner
    private let binaryScanner: DetectorScanner
    private let fewestDigits: Int
    private var json: JSONMasker
    private var ownCounts: [Int]
    private var withheld = 0
    private var scratch: [UInt8] = []
    /// Where what is masked is kept.
    private var originals: (tap: OriginalsTap, columns: OriginalsColumns)?
    /// Writes there. By itself, so that a cell does not count references to the others.
    private var pen: OriginalsPen?
    /// The cell that is masked next, for its original: its row from 1 on, and the column's place in `describe(columns:)`.
    public var row: UInt64 = 0
    public var column = 0

    /// `nil` for an empty plan.
    public init?(plan: MaskingPlan) {
        guard let compiled = plan.compiled else { return nil }
        self.plan = compiled
        scanner = DetectorScanner(detectors: compiled.detectors)
        binaryScanner = DetectorScanner(detectors: compiled.detectors.subtracting(.email))
        fewestDigits = compiled.detectors.fewestDigits
        json = JSONMasker(plan: compiled, allowsDuplicateNames: true, tap: plan.tap?.value)
        ownCounts = Array(repeating: 0, count: compiled.rules.count)
        guard let tap = plan.tap?.value else { return }
        keepOriginals(in: tap, of: [OriginalsColumns.Column(name: "value", encoding: .text)])
    }

    private mutating func keepOriginals(in tap: OriginalsTap, of columns: [OriginalsColumns.Column]) {
        let columns = OriginalsColumns(
            columns, rules: plan.rules.map { ($0.name, $0.selector) } + [Self.notInspectable])
        originals = (tap, columns)
        pen = OriginalsPen(tap, columns)
    }

    private static let notInspectable = (name: "not-inspectable", selector: "cell")

    /// Whether originals are kept, so that it matters which cell is masked.
    public var keepsOriginals: Bool { originals != nil }
    /// Why they cannot be kept any more.
    public var originalsFailure: OriginalsFailure? { originals?.tap.failure }

    /// Says which columns there are, for originals.
    public mutating func describe(columns: [OriginalsColumns.Column]) {
        if let tap = originals?.tap { keepOriginals(in: tap, of: columns) }
    }

    @inline(__always)
    private func keep(_ value: UnsafeRawBufferPointer, rule: Int) {
        guard let pen, !pen.write(value, column: column, rule: rule, row: row) else { return }
        keepSlowly(value, rule: rule)
    }

    @inline(never)
    private func keepSlowly(_ value: UnsafeRawBufferPointer, rule: Int) {
        guard let originals else { return }
        originals.tap.keep(value, in: originals.columns, column: column, rule: rule, row: row)
    }

    /// Any value may have to be masked for what it holds.
    public var hasDetectors: Bool { plan.hasDetectors }
    /// Documents may have to be masked for what they hold.
    public var selectsInDocuments: Bool { plan.selectsInDocuments }

    /// How often each rule masked something so far; rules that did not are absent.
    public var counts: [MaskCount] {
        let all = plan.counts(zip(ownCounts, json.counts).map { $0 + $1 })
        guard withheld > 0 else { return all }
        return all + [
            MaskCount(rule: Self.notInspectable.name, selector: Self.notInspectable.selector, count: withheld)
        ]
    }

    /// The strictest of the rules that select a column: `column` rules by what it comes from, `field` rules by what it
    /// is called, here and there.
    public func rule(for names: CellNames) -> Rule? {
        var found = noRule
        for (pattern, rule) in plan.columns where rule < found {
            if names.origins.contains(where: pattern.matches) { found = rule }
        }
        for (pattern, rule) in plan.fields where rule < found {
            let isSelected =
                names.result.map { pattern.matches($0) } == true
                || names.origins.contains { $0.column.map { pattern.matches($0) } ?? true }
            if isSelected { found = rule }
        }
        return found == noRule ? nil : self.rule(at: found)
    }

    /// The least whole number that may have the form that a detector looks for; `nil` if no number does.
    public func leastNumber(in surroundings: CellSurroundings) -> UInt64? {
        let context = surroundings.context
        let isSpoken =
            (plan.detectors.contains(.ssn) && context.contains(.socialSecurity))
            || (plan.detectors.contains(.phone) && context.contains(.phone))
        if isSpoken { return 1_000_000 }
        return plan.detectors.contains(.pan) ? 100_000_000_000 : nil
    }

    /// The rule of the detector whose form a number has, written in decimal with sign, fraction or exponent.
    public func rule(forNumber number: UnsafeRawBufferPointer, in surroundings: CellSurroundings) -> Rule? {
        let isNegative = number.first == UInt8(ascii: "-")
        let magnitude = isNegative ? UnsafeRawBufferPointer(rebasing: number.dropFirst()) : number
        guard
            let found = NumberDetection.match(magnitude, detectors: plan.detectors, context: surroundings.context)
        else { return nil }
        return rule(at: plan.detectorRules[found.detector.index])
    }

    /// Counts a value that the caller replaced as the rule says.
    public mutating func count(_ rule: Rule, original: UnsafeRawBufferPointer) {
        ownCounts[Int(rule.index)] += 1
        keep(original, rule: Int(rule.index))
    }

    /// Counts a value that the caller withholds because it cannot be inspected.
    public mutating func countWithheld(_ original: UnsafeRawBufferPointer) {
        withheld += 1
        keep(original, rule: plan.rules.count)
    }

    /// Applies a rule to a whole value, and counts it.
    public mutating func apply(
        _ rule: Rule, to content: UnsafeRawBufferPointer, into output: inout ByteBuffer
    ) -> Outcome {
        count(rule, original: content)
        if case .null = rule.transform { return .null }
        scratch.removeAll(keepingCapacity: true)
        rule.transform.apply(to: content, detector: nil, pseudonyms: plan.pseudonyms, appendingTo: &scratch)
        output.writeBytes(scratch)
        return .written
    }

    /// Applies a rule to a whole JSON document: a string stands for it, whatever it was. Its member names may be what
    /// is to be hidden, so that no part of an array or object stays.
    public mutating func apply(
        _ rule: Rule, toJSON document: UnsafeRawBufferPointer, into output: inout ByteBuffer
    ) -> Outcome {
        let start = document.firstIndex { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d } ?? document.count
        let end = document.lastIndex { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d } ?? document.count
        let value = UnsafeRawBufferPointer(rebasing: document[start..<min(document.count, end + 1)])
        if value.elementsEqual("null".utf8) { return .untouched }
        count(rule, original: value)
        if case .null = rule.transform { return .null }
        scratch.removeAll(keepingCapacity: true)
        switch (rule.transform, value.first) {
        case (.keepFirst, UInt8(ascii: "{")?), (.keepFirst, UInt8(ascii: "[")?), (.keepLast, UInt8(ascii: "{")?),
            (.keepLast, UInt8(ascii: "[")?), (.keepFirst, UInt8(ascii: "t")?), (.keepLast, UInt8(ascii: "t")?),
            (.keepFirst, UInt8(ascii: "f")?), (.keepLast, UInt8(ascii: "f")?), (.pseudonym, UInt8(ascii: "t")?),
            (.pseudonym, UInt8(ascii: "f")?):
            scratch.append(contentsOf: "[REDACTED]".utf8)
        case (.keepFirst, UInt8(ascii: "\"")?), (.keepLast, UInt8(ascii: "\"")?), (.pseudonym, UInt8(ascii: "\"")?):
            var content: [UInt8] = []
            let inside = UnsafeRawBufferPointer(rebasing: value.dropFirst().dropLast())
            _ = JSONStringDecoder.decode(inside, into: &content)
            content.withUnsafeBytes {
                rule.transform.apply(to: $0, detector: nil, pseudonyms: plan.pseudonyms, appendingTo: &scratch)
            }
        default:
            rule.transform.apply(to: value, detector: nil, pseudonyms: plan.pseudonyms, appendingTo: &scratch)
        }
        JSONStringEscaping.escape(&scratch)
        output.writeInteger(UInt8(ascii: "\""))
        output.writeBytes(scratch)
        output.writeInteger(UInt8(ascii: "\""))
        return .written
    }

    /// Masks what detectors find in a text. `.null` where the whole of it is one match that becomes `null`.
    public mutating func scan(
        _ content: UnsafeRawBufferPointer, in surroundings: CellSurroundings, into output: inout ByteBuffer
    ) -> Outcome {
        scan(content, scanner, surroundings, &output)
    }

    /// Masks what detectors find in bytes that may be anything. Where they are not text an `@` says nothing.
    public mutating func scan(
        bytes content: UnsafeRawBufferPointer, in surroundings: CellSurroundings, into output: inout ByteBuffer
    ) -> Outcome {
        guard mayHoldMatch(content) else { return .untouched }
        return scan(content, TextForm.isText(content) ? scanner : binaryScanner, surroundings, &output)
    }

    /// Masks a JSON document by the plan's rules for fields, places and detectors. Names that stand twice in one object,
    /// as PostgreSQL's `json` keeps them, are masked alike.
    ///
    /// - Throws: `.notInspectable` where it is none, or nested too deep.
    public mutating func mask(
        document: ByteBuffer, into output: inout ByteBuffer
    ) throws(MaskingError) -> Outcome {
        json.restart()
        if let originals {
            json.writer.originals?.prefix = originals.columns.columns[column].name
            json.writer.originals?.row = row
        }
        do throws(MaskingError) {
            var masked = try json.mask(document)
            var rest = try json.finish()
            masked.writeBuffer(&rest)
            // Cheaper than to keep count, and the bytes are in the cache.
            if masked == document { return .untouched }
            if masked.readableBytesView.elementsEqual("null".utf8) { return .null }
            output.writeBuffer(&masked)
            return .written
        } catch {
            for (index, count) in json.counts.enumerated() { ownCounts[index] += count }
            json = JSONMasker(plan: plan, allowsDuplicateNames: true, tap: originals?.tap)
            throw error
        }
    }

    private mutating func scan(
        _ content: UnsafeRawBufferPointer, _ scanner: DetectorScanner, _ surroundings: CellSurroundings,
        _ output: inout ByteBuffer
    ) -> Outcome {
        guard mayHoldMatch(content) else { return .untouched }
        let text = ScannedText(bytes: content, isFinal: true)
        var cursor = DetectorScanner.Cursor()
        var end = 0
        while let match = scanner.next(in: text, from: &cursor, context: surroundings.context) {
            let rule = Int(plan.detectorRules[match.detector.index])
            ownCounts[rule] += 1
            keep(UnsafeRawBufferPointer(rebasing: content[match.start..<match.end]), rule: rule)
            if match.start == 0, match.end == content.count, case .null = plan.rules[rule].transform { return .null }
            output.writeBytes(UnsafeRawBufferPointer(rebasing: content[end..<match.start]))
            scratch.removeAll(keepingCapacity: true)
            plan.rules[rule].transform.apply(
                to: UnsafeRawBufferPointer(rebasing: content[match.start..<match.end]), detector: match.detector,
                pseudonyms: plan.pseudonyms, appendingTo: &scratch)
            output.writeBytes(scratch)
            end = match.end
        }
        guard end > 0 else { return .untouched }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: content[end...]))
        return .written
    }

    @inline(__always)
    private func mayHoldMatch(_ content: UnsafeRawBufferPointer) -> Bool {
        // `a@b.cc` is the shortest of all matches.
        guard content.count >= min(6, fewestDigits), plan.hasDetectors else { return false }
        let found = TextForm.digitsAndAt(content)
        return found.digits >= fewestDigits || (found.hasAt && plan.detectors.contains(.email))
    }

    private func rule(at index: RuleIndex) -> Rule {
        let rule = plan.rules[Int(index)]
        return Rule(index: index, name: rule.name, transform: rule.transform)
    }
}
