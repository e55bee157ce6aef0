import NIOCore

/// Parses the lines of a header or trailer section (RFC 9112 section 5).
enum FieldParser {
    /// - Parameters:
    ///   - bytes: A whole head.
    ///   - start: Where the first field line starts.
    ///   - end: Where the empty line starts.
    static func parse(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int
    ) throws(MessageError) -> ContiguousArray<HeaderFields.Field> {
        var fields: ContiguousArray<HeaderFields.Field> = []
        fields.reserveCapacity(16)
        var position = start
        while position < end {
            // A line that starts with white space continues the one before for some receivers (section 5.2).
            if bytes[position].isWhiteSpace { throw .obsoleteFolding }
            let nameStart = position
            while position < end, bytes[position].isTokenCharacter { position += 1 }
            guard position < end else { throw .missingColon }
            guard bytes[position] == UInt8(ascii: ":") else { throw fault(at: bytes[position]) }
            guard position > nameStart else { throw .invalidFieldName }
            let nameEnd = position
            position += 1
            while position < end, bytes[position].isWhiteSpace { position += 1 }
            let valueStart = position
            while position < end, bytes[position].isFieldValueCharacter { position += 1 }
            // Nothing but CR LF ends a line: any other control character, a bare CR included, is refused.
            guard position + 1 < bytes.count, bytes[position] == 0x0d, bytes[position + 1] == 0x0a else {
                throw .invalidFieldValue
            }
            var valueEnd = position
            while valueEnd > valueStart, bytes[valueEnd - 1].isWhiteSpace { valueEnd -= 1 }
            position += 2
            fields.append(
                HeaderFields.Field(
                    known: KnownField(UnsafeRawBufferPointer(rebasing: bytes[nameStart..<nameEnd])),
                    name: Int32(truncatingIfNeeded: nameStart)..<Int32(truncatingIfNeeded: nameEnd),
                    value: Int32(truncatingIfNeeded: valueStart)..<Int32(truncatingIfNeeded: valueEnd)))
        }
        return fields
    }

    private static func fault(at byte: UInt8) -> MessageError {
        switch byte {
        case 0x20, 0x09: .spaceBeforeColon
        case 0x0d: .missingColon
        default: .invalidFieldName
        }
    }
}
