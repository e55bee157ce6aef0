/// Lets pass what draws on a terminal, and nothing that makes it answer, or changes more than what it shows.
///
/// A recording is written by whoever ran the command, and replayed by somebody who may do more: an answer of the
/// terminal arrives as if typed there, OSC 52 fills the clipboard, DCS defines keys, and a title may say anything. So
/// control sequences (ECMA-48) are taken apart, and only those known to draw are passed on. Sequences may be split
/// between texts.
struct TerminalSequenceFilter: Sendable {
    private enum State {
        case ground
        /// After ESC and these intermediate bytes.
        case escape([UInt8])
        /// After CSI: the parameter and intermediate bytes so far; `nil` once there are too many.
        case control([UInt8]?)
        /// Within OSC, DCS, SOS, PM or APC, of which nothing is passed on.
        case string
        /// Within one of them, after ESC.
        case stringEscape
    }

    /// Bytes of one control sequence; terminals take no more parameters either.
    private static let limit = 256

    private var state = State.ground
    private(set) var isAlternateScreen = false

    /// The part of `text` that draws, after what was filtered before.
    mutating func filter(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { take(scalar, &output) }
        return String(output)
    }

    /// Puts back what drawing changes: attributes, character set, margins, cursor and screen.
    var end: String {
        "\(isAlternateScreen ? "\u{1b}[?1049l" : "")\u{1b}[!p\u{1b}[0m\u{f}\u{1b}[?5;45;69l\u{1b}[?7;25h"
    }

    private mutating func take(_ scalar: Unicode.Scalar, _ output: inout String.UnicodeScalarView) {
        switch scalar.value {
        case 0x18, 0x1a:
            // CAN and SUB end any sequence.
            state = .ground
        case 0x1b:
            if case .string = state { state = .stringEscape } else { state = .escape([]) }
        case 0x80...0x9f:
            // A C1 control is ESC and a letter in one character.
            state = .ground
            finishEscape([], UInt8(scalar.value - 0x40), &output)
        default:
            switch state {
            case .ground: takeGround(scalar, &output)
            case .escape(let intermediates): takeEscape(intermediates, scalar, &output)
            case .control(let bytes): takeControl(bytes, scalar, &output)
            case .string:
                if scalar.value == 0x07 { state = .ground }
            case .stringEscape:
                // Only ESC \ ends the string as it should; ESC and anything else begins a new sequence.
                takeEscape([], scalar, &output)
            }
        }
    }

    private mutating func takeGround(_ scalar: Unicode.Scalar, _ output: inout String.UnicodeScalarView) {
        // Of the C0 controls BEL to SI draw or are harmless; ENQ asks for an answer.
        if scalar.value >= 0x20 ? scalar.value != 0x7f : (0x07...0x0f).contains(scalar.value) { output.append(scalar) }
    }

    private mutating func takeEscape(
        _ intermediates: [UInt8], _ scalar: Unicode.Scalar, _ output: inout String.UnicodeScalarView
    ) {
        switch scalar.value {
        case 0..<0x20: takeGround(scalar, &output)  // Controls within a sequence are obeyed at once.
        case 0x20...0x2f where intermediates.count < 4:
            state = .escape(intermediates + [UInt8(scalar.value)])
        case 0x30...0x7e:
            state = .ground
            finishEscape(intermediates, UInt8(scalar.value), &output)
        default: state = .ground
        }
    }

    private mutating func finishEscape(
        _ intermediates: [UInt8], _ final: UInt8, _ output: inout String.UnicodeScalarView
    ) {
        let isDrawing: Bool
        switch intermediates.first {
        case nil:
            switch final {
            case UInt8(ascii: "["):
                state = .control([])
                return
            case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
                state = .string
                return
            case UInt8(ascii: "c"):
                // A full reset clears what the viewer's terminal showed before, so less is put in its place.
                output.append(contentsOf: "\(end)\u{1b}[H\u{1b}[2J".unicodeScalars)
                isAlternateScreen = false
                return
            default: isDrawing = Self.drawingEscapes.contains(final)
            }
        // Character sets, and the sizes of a line.
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"): isDrawing = true
        case UInt8(ascii: "#"): isDrawing = (UInt8(ascii: "3")...UInt8(ascii: "8")).contains(final)
        default: isDrawing = false
        }
        guard isDrawing else { return }
        Self.write([0x1b] + intermediates + [final], to: &output)
    }

    private mutating func takeControl(
        _ bytes: [UInt8]?, _ scalar: Unicode.Scalar, _ output: inout String.UnicodeScalarView
    ) {
        switch scalar.value {
        case 0..<0x20: takeGround(scalar, &output)
        case 0x20...0x3f:
            guard let bytes, bytes.count < Self.limit else {
                state = .control(nil)
                return
            }
            state = .control(bytes + [UInt8(scalar.value)])
        case 0x40...0x7e:
            state = .ground
            guard let bytes, let kept = drawingControl(bytes, UInt8(scalar.value)) else { return }
            Self.write([0x1b, UInt8(ascii: "[")] + kept + [UInt8(scalar.value)], to: &output)
        default: state = .ground
        }
    }

    /// The bytes between CSI and `final` that may pass; `nil` for a sequence that may not.
    private mutating func drawingControl(_ bytes: [UInt8], _ final: UInt8) -> [UInt8]? {
        let isPrivate = bytes.first == UInt8(ascii: "?")
        let parameters = bytes.dropFirst(isPrivate ? 1 : 0).prefix { (0x30...0x3b).contains($0) }
        let intermediates = bytes.dropFirst((isPrivate ? 1 : 0) + parameters.count)
        switch (isPrivate, Array(intermediates), final) {
        case (true, [], UInt8(ascii: "h")), (true, [], UInt8(ascii: "l")):
            return drawingModes(parameters, isSet: final == UInt8(ascii: "h"))
        case (true, [], UInt8(ascii: "J")), (true, [], UInt8(ascii: "K")): return bytes
        case (false, [], UInt8(ascii: "h")), (false, [], UInt8(ascii: "l")):
            return parameters.elementsEqual("4".utf8) ? bytes : nil
        case (false, [], UInt8(ascii: "J")):
            // 3 clears the lines that the viewer's terminal keeps from before.
            return parameters.contains(UInt8(ascii: "3")) ? nil : bytes
        case (false, [], UInt8(ascii: "T")):
            // With more parameters it is xterm's mouse tracking.
            return parameters.contains(UInt8(ascii: ";")) ? nil : bytes
        case (false, [], _): return Self.drawingControls.contains(final) ? bytes : nil
        case (false, [UInt8(ascii: " ")], UInt8(ascii: "q")), (false, [UInt8(ascii: "!")], UInt8(ascii: "p")):
            // The cursor's shape, and the soft reset.
            return bytes
        default: return nil
        }
    }

    /// The private modes among `parameters` that draw. Others make the terminal send what the mouse does, mark what is
    /// pasted, or change its keys.
    private mutating func drawingModes(_ parameters: ArraySlice<UInt8>, isSet: Bool) -> [UInt8]? {
        let modes = parameters.split(separator: UInt8(ascii: ";")).compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        .filter(Self.drawingModes.contains)
        guard !modes.isEmpty else { return nil }
        if modes.contains(where: [47, 1047, 1049].contains) { isAlternateScreen = isSet }
        return Array("?\(modes.map(String.init).joined(separator: ";"))".utf8)
    }

    /// Save and restore the cursor, line feeds, tabulator, shifts of character sets.
    private static let drawingEscapes = Set("78DEHMNOno|}~".utf8)
    /// Movements, deletions, insertions, scrolling, tabulators, attributes, margins.
    private static let drawingControls = Set("@ABCDEFGHIJKLMPSXZ`abdefgmrsu".utf8)
    /// Reverse video, origin, wrapping, blinking and showing the cursor, reverse wrapping, the other screen, margins at
    /// the sides, synchronized output.
    private static let drawingModes: Set<Int> = [5, 6, 7, 12, 25, 45, 47, 69, 1047, 1048, 1049, 2026]

    private static func write(_ bytes: [UInt8], to output: inout String.UnicodeScalarView) {
        for byte in bytes { output.append(Unicode.Scalar(byte)) }
    }
}
