/// Why a path is refused: a gateway and a function that read it differently would disagree on which function it is.
enum TargetError: Error, Sendable, Hashable {
    case form
    case invalidCharacter
    case invalidEscape
    case control
    case encodedSeparator
    case encodedDot
    case doubleEncoding
    case dotSegment
    case emptySegment
    case pathParameter
    case notUTF8

    var reason: String {
        switch self {
        case .form: "The request target is not a path."
        case .invalidCharacter: "The request target holds a character that must be percent-encoded."
        case .invalidEscape: "The request target has a percent sign without two hexadecimal digits."
        case .control: "The path holds an encoded control character."
        case .encodedSeparator: "The path holds an encoded slash or backslash."
        case .encodedDot: "The path holds an encoded dot."
        case .doubleEncoding: "The path is percent-encoded twice."
        case .dotSegment: "The path has a segment . or .. in it."
        case .emptySegment: "The path has an empty segment."
        case .pathParameter: "The path has a semicolon, after which some servers read parameters and others a name."
        case .notUTF8: "The path is not UTF-8 once it is decoded."
        }
    }

    var nextStep: String {
        switch self {
        case .dotSegment, .emptySegment, .encodedDot, .doubleEncoding, .encodedSeparator, .pathParameter:
            "Send the path in its plain form, without detours."
        default: "Send an absolute path as RFC 3986 writes it."
        }
    }
}

/// The path and query of a request, checked so that every receiver reads them alike.
struct RequestTarget: Sendable, Hashable {
    /// As sent.
    let path: String
    /// With its escapes decoded.
    let decodedPath: String
    /// What follows `?`, as sent.
    let query: String?

    /// - Parameter bytes: An origin-form target (RFC 9112 section 3.2.1).
    init(_ bytes: UnsafeRawBufferPointer) throws(MessageError) {
        guard bytes.first == UInt8(ascii: "/") else { throw .invalidTarget(.form) }
        let mark = bytes.firstIndex(of: UInt8(ascii: "?"))
        let path = UnsafeRawBufferPointer(rebasing: bytes[..<(mark ?? bytes.count)])
        var hasEscape = false
        var segmentStart = 1
        for index in path.indices {
            let byte = path[index]
            guard byte.isPathCharacter else { throw .invalidTarget(.invalidCharacter) }
            if byte == UInt8(ascii: "%") { hasEscape = true }
            if byte == UInt8(ascii: ";") { throw .invalidTarget(.pathParameter) }
            if byte == UInt8(ascii: "/"), index > 0 {
                if index == segmentStart { throw .invalidTarget(.emptySegment) }
                try Self.checkSegment(path[segmentStart..<index])
                segmentStart = index + 1
            }
        }
        if segmentStart < path.count { try Self.checkSegment(path[segmentStart...]) }
        self.path = String(decoding: path, as: UTF8.self)
        decodedPath = hasEscape ? try Self.decode(path) : self.path
        if let mark {
            let query = UnsafeRawBufferPointer(rebasing: bytes[(mark + 1)...])
            try Self.checkQuery(query)
            self.query = String(decoding: query, as: UTF8.self)
        } else {
            query = nil
        }
    }

    private static func checkSegment(_ segment: Slice<UnsafeRawBufferPointer>) throws(MessageError) {
        guard segment.count <= 2, segment.allSatisfy({ $0 == UInt8(ascii: ".") }) else { return }
        throw .invalidTarget(.dotSegment)
    }

    private static func checkQuery(_ query: UnsafeRawBufferPointer) throws(MessageError) {
        var index = 0
        while index < query.count {
            guard query[index].isQueryCharacter else { throw .invalidTarget(.invalidCharacter) }
            if query[index] == UInt8(ascii: "%") {
                guard index + 2 < query.count, query[index + 1].hexValue != nil, query[index + 2].hexValue != nil else {
                    throw .invalidTarget(.invalidEscape)
                }
                index += 2
            }
            index += 1
        }
    }

    private static func decode(_ path: UnsafeRawBufferPointer) throws(MessageError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            guard path[index] == UInt8(ascii: "%") else {
                decoded.append(path[index])
                index += 1
                continue
            }
            guard index + 2 < path.count, let high = path[index + 1].hexValue, let low = path[index + 2].hexValue else {
                throw .invalidTarget(.invalidEscape)
            }
            let byte = high << 4 | low
            switch byte {
            case 0..<0x20, 0x7f: throw .invalidTarget(.control)
            case UInt8(ascii: "/"), UInt8(ascii: "\\"): throw .invalidTarget(.encodedSeparator)
            case UInt8(ascii: "."): throw .invalidTarget(.encodedDot)
            case UInt8(ascii: ";"): throw .invalidTarget(.pathParameter)
            default: decoded.append(byte)
            }
            index += 3
        }
        // `%252e`: a receiver that decodes twice reads another path.
        for index in decoded.indices.dropLast(2) where decoded[index] == UInt8(ascii: "%") {
            if decoded[index + 1].hexValue != nil, decoded[index + 2].hexValue != nil {
                throw .invalidTarget(.doubleEncoding)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .invalidTarget(.notUTF8) }
        return text
    }
}
