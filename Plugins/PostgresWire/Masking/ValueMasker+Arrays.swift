import Masking
import NIOCore

// Arrays, element by element, so that an array stays one.
extension ValueMasker {
    mutating func maskElements(
        _ value: UnsafeRawBufferPointer, _ element: ValueKind, _ format: Format, _ treatment: Treatment,
        _ output: inout ByteBuffer
    ) -> Outcome {
        let start = output.writerIndex
        let outcome =
            format == .binary
            ? maskBinaryElements(value, element, treatment, &output)
            : maskTextElements(value, element, treatment, &output)
        guard let outcome else {
            // It is not what its type says.
            output.moveWriterIndex(to: start)
            cells.countWithheld(value)
            return .null
        }
        if case .untouched = outcome { output.moveWriterIndex(to: start) }
        return outcome
    }

    /// `array_send`: dimensions, whether there are NULLs, the element's type, and per dimension its length and lower
    /// bound; then each element behind its length.
    private mutating func maskBinaryElements(
        _ value: UnsafeRawBufferPointer, _ element: ValueKind, _ treatment: Treatment, _ output: inout ByteBuffer
    ) -> Outcome? {
        func int(_ offset: Int) -> Int? {
            guard offset >= 0, offset + 4 <= value.count else { return nil }
            return Int(Int32(bigEndian: value.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
        guard let dimensions = int(0), (0...6).contains(dimensions), value.count >= 12 + 8 * dimensions else {
            return nil
        }
        var index = 12 + 8 * dimensions
        var isChanged = false
        let start = output.writerIndex
        output.writeBytes(UnsafeRawBufferPointer(rebasing: value[..<index]))
        while index < value.count {
            guard let length = int(index), length >= -1, index + 4 + max(0, length) <= value.count else { return nil }
            let end = index + 4 + max(0, length)
            if length >= 0 {
                let item = UnsafeRawBufferPointer(rebasing: value[(index + 4)..<end])
                let place = output.writerIndex
                output.writeInteger(Int32(0))
                switch mask(item, element, .binary, treatment, into: &output) {
                case .untouched: output.writeBytes(item)
                case .written: isChanged = true
                case .null:
                    isChanged = true
                    output.moveWriterIndex(to: place + 4)
                    output.setInteger(Int32(-1), at: place)
                    output.setInteger(Int32(1), at: start + 4)
                    index = end
                    continue
                }
                output.setInteger(Int32(output.writerIndex - place - 4), at: place)
            } else {
                output.writeInteger(Int32(-1))
            }
            index = end
        }
        return isChanged ? .written : .untouched
    }

    /// `array_out`: `{a,"b c",NULL,{…}}`, with a backslash before quotes and backslashes within quotes.
    private mutating func maskTextElements(
        _ value: UnsafeRawBufferPointer, _ element: ValueKind, _ treatment: Treatment, _ output: inout ByteBuffer
    ) -> Outcome? {
        guard value.first == UInt8(ascii: "{") || value.first == UInt8(ascii: "[") else { return nil }
        // `[0:1]={…}`: bounds that are not the usual ones.
        guard var index = value.firstIndex(of: UInt8(ascii: "{")) else { return nil }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: value[..<index]))
        var isChanged = false
        var item: [UInt8] = []
        while index < value.count {
            switch value[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","):
                output.writeInteger(value[index])
                index += 1
                continue
            default: break
            }
            let isQuoted = value[index] == UInt8(ascii: "\"")
            let itemStart = index
            guard let end = Self.readElement(value, from: index, into: &item) else { return nil }
            index = end
            let raw = UnsafeRawBufferPointer(rebasing: value[itemStart..<end])
            if !isQuoted, raw.elementsEqual("NULL".utf8) {
                output.writeBytes(raw)
                continue
            }
            var standIn = ByteBuffer()
            let outcome = item.withUnsafeBytes { mask($0, element, .text, treatment, into: &standIn) }
            switch outcome {
            case .untouched: output.writeBytes(raw)
            case .null:
                isChanged = true
                output.writeString("NULL")
            case .written:
                isChanged = true
                Self.writeElement(standIn.readableBytesView, into: &output)
            }
        }
        return isChanged ? .written : .untouched
    }

    /// Quoted only where it must be, as the server does it.
    private static func writeElement(_ element: ByteBufferView, into output: inout ByteBuffer) {
        let special = Set("\"\\{}, \t\n\r\u{0B}\u{0C}".utf8)
        let isPlain = !element.isEmpty && !element.contains(where: special.contains) && !element.isNULL
        guard !isPlain else {
            output.writeBytes(element)
            return
        }
        output.writeInteger(UInt8(ascii: "\""))
        for byte in element {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.writeInteger(UInt8(ascii: "\\")) }
            output.writeInteger(byte)
        }
        output.writeInteger(UInt8(ascii: "\""))
    }

    /// - Returns: Where the element ends; `nil` where it does not.
    private static func readElement(
        _ value: UnsafeRawBufferPointer, from start: Int, into item: inout [UInt8]
    ) -> Int? {
        item.removeAll(keepingCapacity: true)
        var index = start
        let isQuoted = value[start] == UInt8(ascii: "\"")
        if isQuoted { index += 1 }
        while index < value.count {
            switch value[index] {
            case UInt8(ascii: "\\"):
                index += 1
                guard index < value.count else { return nil }
            case UInt8(ascii: "\"") where isQuoted: return index + 1
            case UInt8(ascii: ","), UInt8(ascii: "{"), UInt8(ascii: "}"):
                if !isQuoted { return index }
            default: break
            }
            item.append(value[index])
            index += 1
        }
        return isQuoted ? nil : index
    }
}

extension ByteBufferView {
    fileprivate var isNULL: Bool { count == 4 && zip(self, "null".utf8).allSatisfy { $0 | 0x20 == $1 } }
}
