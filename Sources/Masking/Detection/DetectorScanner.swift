/// Finds detector matches in text that may still grow.
///
/// Every decision about a match depends on a bounded number of bytes around it, and none is taken before those are
/// there: so text cut anywhere gives the matches that it gives whole, and little is ever held back.
struct DetectorScanner: Sendable {
    let detectors: DetectorSet

    struct Match: Equatable {
        var start: Int
        var end: Int
        var detector: Detector
    }

    /// How far a text is scanned.
    struct Cursor {
        /// Everything before is decided.
        var position = 0
        /// No match may start before: the end of the last one, or of what went out already.
        var floor = 0
        /// What stands at the position may be part of a match, depending on what follows.
        var isUndecided = false
    }

    /// Bytes before the cursor that decisions may look at, so that they must be kept.
    static let lookBehind = 64
    /// Bytes that an undecided text always holds back: a match starts up to three bytes before its first digit.
    private static let heldBack = 4

    /// The next match from the cursor on, which moves behind it. `nil` when there is none in what can be decided: the
    /// cursor then stands where the undecided part begins, at the end if `text` is final.
    func next(in text: ScannedText, from cursor: inout Cursor, context: ScanContext) -> Match? {
        let entry = cursor.position
        cursor.isUndecided = false
        var index = entry
        let bytes = text.bytes
        if index > 0, index < bytes.count, bytes[index].isDigit, bytes[index - 1].isDigit {
            index = endOfDigits(bytes, index)
        }
        while true {
            index = Self.nextCandidate(bytes, index)
            guard index < bytes.count else { break }
            let verdict: ScannedText.Verdict
            var detector = Detector.email
            let end: Int
            if bytes[index] == UInt8(ascii: "@") {
                end = index + 1
                verdict =
                    detectors.contains(.email) ? EmailAddress.verdict(text, at: index, floor: cursor.floor) : .none
            } else {
                end = endOfDigits(bytes, index)
                (verdict, detector) = number(text, index, end - index, cursor.floor, context)
            }
            switch verdict {
            case .none: index = end
            case .undecided:
                let start =
                    detector == .email
                    ? EmailAddress.localPartStart(text, end: index, floor: cursor.floor) : index - Self.heldBack
                cursor.position = holdBack(text, from: start, cursor, entry)
                cursor.isUndecided = true
                return nil
            case .match(let start, let end):
                cursor = Cursor(position: end, floor: end)
                return Match(start: start, end: end, detector: detector)
            }
        }
        cursor.position = text.isFinal ? bytes.count : holdBack(text, from: bytes.count - Self.heldBack, cursor, entry)
        return nil
    }

    /// The end of what is held back and cannot be part of a match, whatever follows. The cursor stands where `next` left it.
    func settledEnd(_ bytes: UnsafeRawBufferPointer, _ cursor: Cursor) -> Int {
        guard !cursor.isUndecided else { return cursor.position }
        // Nothing that is held back begins a match; only what follows can reach back into it, as far as such a byte.
        let last = bytes[cursor.position...].lastIndex { !Self.mayStandInMatch($0) }
        return last.map { $0 + 1 } ?? cursor.position
    }

    /// Whether a match may contain the byte: letters, digits, separators, what stands in a local part, and all non-ASCII.
    private static func mayStandInMatch(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || byte >= 0x80 || " .-+()_%'&@\\/".utf8.contains(byte)
    }

    /// The detector whose form the whole of `bytes` has, whatever stands around it.
    func detector(ofWhole bytes: UnsafeRawBufferPointer) -> Detector? {
        var cursor = Cursor()
        let text = ScannedText(bytes: bytes, isFinal: true)
        guard let match = next(in: text, from: &cursor, context: [.card, .socialSecurity, .phone]),
            match.start == 0, match.end == bytes.count
        else { return nil }
        return match.detector
    }

    /// What begins with the digit at `start`, the first of `length` in a row.
    private func number(
        _ text: ScannedText, _ start: Int, _ length: Int, _ floor: Int, _ context: ScanContext
    ) -> (ScannedText.Verdict, Detector) {
        if detectors.contains(.iban), start >= 2, text.bytes[start - 1].isLetter {
            let verdict = BankAccountNumber.verdict(text, checkDigits: start, floor: floor)
            if case .none = verdict {} else { return (verdict, .iban) }
        }
        if text.hasWord(before: start) { return (.none, .iban) }
        if detectors.contains(.pan) {
            let verdict = CardNumber.verdict(text, start: start, context: context)
            if case .none = verdict {} else { return (verdict, .pan) }
        }
        // A run that touches the end may have more digits than are there.
        if start + length == text.count, !text.isFinal, length <= TelephoneNumber.mostDigits {
            return (detectors.isDisjoint(with: [.ssn, .phone]) ? .none : .undecided, .ssn)
        }
        if detectors.contains(.ssn) {
            let verdict = SocialSecurityNumber.verdict(text, start: start, runLength: length, context: context)
            if case .none = verdict {} else { return (verdict, .ssn) }
        }
        guard detectors.contains(.phone) else { return (.none, .phone) }
        let verdict = TelephoneNumber.verdict(
            text, start: start, runLength: length, context: context, floor: floor)
        return (verdict, .phone)
    }

    /// Where the undecided part of the text begins.
    private func holdBack(_ text: ScannedText, from start: Int, _ cursor: Cursor, _ entry: Int) -> Int {
        var held = min(start, text.count - Self.heldBack)
        if detectors.contains(.email) {
            // The end of the text may be a local part, and the `@` come later.
            held = min(held, EmailAddress.localPartStart(text, end: text.count, floor: cursor.floor))
        }
        return max(held, entry, cursor.floor)
    }

    @inline(__always)
    private func endOfDigits(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index].isDigit { index &+= 1 }
        return index
    }

    /// The next digit or `@`, eight bytes a step.
    @inline(__always)
    private static func nextCandidate(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let low = word & ~highBits
            let isDigit = (low &+ (ones &* 0x50)) & ~(low &+ (ones &* 0x46))
            let isAt = ~((low ^ (ones &* 0x40)) &+ (ones &* 0x7f))
            let found = (isDigit | isAt) & ~word & highBits
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count, !bytes[index].isDigit, bytes[index] != UInt8(ascii: "@") { index &+= 1 }
        return index
    }
}
