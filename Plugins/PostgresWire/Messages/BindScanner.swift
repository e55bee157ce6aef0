import Crypto
import Identifiers
import NIOCore

/// Reads a Bind piece by piece, without holding what is long of it.
///
/// It takes and refuses the same bytes as `Bind` does; `Tests/PostgresWireTests` holds the one against the other.
struct BindScanner {
    /// Longer values are there by their digest alone.
    static let longestValue = 16_384
    /// Values beyond these bytes together, too.
    private static let mostKept = 8 << 20

    private enum Place {
        case portal, statement
        case parameterFormats
        case parameterCount
        case parameter
        case longParameter(SHA256, bytes: Int, remaining: Int)
        case resultFormats
        case end
    }

    private var place = Place.portal
    /// What was not enough for the next field.
    private var pending = ByteBuffer()
    private var portal = ""
    private var statement = ""
    private var parameterFormats: [Int16] = []
    private var parameterCount = 0
    private var parameters: [BoundValue] = []
    private var resultFormats: [Int16] = []
    private var keptBytes = 0

    /// - Parameter bytes: What follows of the message's payload.
    /// - Throws: `ProtocolViolation` as soon as it is certain that this is no Bind.
    mutating func read(_ bytes: ByteBuffer) throws(ProtocolViolation) {
        pending.join(bytes)
        while try readField() {}
    }

    /// - Throws: `ProtocolViolation` where the message ends too early.
    consuming func finish() throws(ProtocolViolation) -> Bind {
        guard case .end = place else { throw ProtocolViolation("Bind: it ends too early") }
        return Bind(
            portal: portal, statement: statement, parameterFormats: parameterFormats, parameters: parameters,
            resultFormats: resultFormats)
    }

    /// - Returns: Whether there may be another.
    private mutating func readField() throws(ProtocolViolation) -> Bool {
        switch place {
        case .portal:
            guard let name = try readName() else { return false }
            portal = name
            place = .statement
        case .statement:
            guard let name = try readName() else { return false }
            statement = name
            place = .parameterFormats
        case .parameterFormats:
            guard let formats = try readFormats() else { return false }
            parameterFormats = formats
            place = .parameterCount
        case .parameterCount:
            guard let count = pending.readInteger(as: UInt16.self) else { return false }
            parameterCount = Int(count)
            try Bind.check(formats: parameterFormats.count, parameters: parameterCount)
            place = parameterCount > 0 ? .parameter : .resultFormats
        case .parameter: return try readParameter()
        case .longParameter(let hash, let bytes, let remaining): return readOn(hash, bytes, remaining)
        case .resultFormats:
            guard let formats = try readFormats() else { return false }
            resultFormats = formats
            place = .end
        case .end:
            guard pending.readableBytes == 0 else { throw ProtocolViolation("Bind: bytes too many") }
            return false
        }
        return true
    }

    private mutating func readName() throws(ProtocolViolation) -> String? {
        guard let end = pending.readableBytesView.firstIndex(of: 0) else {
            // Longer names are refused, so that nobody has to wait for their ends.
            guard pending.readableBytes <= 64 else {
                throw ProtocolViolation("Bind: a name that is longer than 63 bytes or not ASCII")
            }
            return nil
        }
        guard let bytes = pending.readSlice(length: end - pending.readerIndex + 1) else { return nil }
        var reader = MessageReader(bytes, of: "Bind")
        return try reader.name()
    }

    private mutating func readFormats() throws(ProtocolViolation) -> [Int16]? {
        guard let count = pending.getInteger(at: pending.readerIndex, as: UInt16.self),
            let bytes = pending.readSlice(length: 2 + 2 * Int(count))
        else { return nil }
        var reader = MessageReader(bytes, of: "Bind")
        return try Bind.formats(&reader)
    }

    private mutating func readParameter() throws(ProtocolViolation) -> Bool {
        guard let length = pending.getInteger(at: pending.readerIndex, as: Int32.self).map(Int.init) else {
            return false
        }
        guard length >= -1 else { throw ProtocolViolation("Bind: it ends too early") }
        if length > Self.longestValue || keptBytes + length > Self.mostKept {
            pending.moveReaderIndex(forwardBy: 4)
            place = .longParameter(SHA256(), bytes: length, remaining: length)
            return true
        }
        guard pending.readableBytes >= 4 + max(0, length) else { return false }
        pending.moveReaderIndex(forwardBy: 4)
        if length == -1 {
            add(.null)
        } else if let bytes = pending.readSlice(length: length) {
            keptBytes += length
            // Of its own, so that it does not keep all that came with it.
            var own = ByteBuffer()
            own.writeImmutableBuffer(bytes)
            add(.held(own))
        }
        return true
    }

    private mutating func readOn(_ hash: SHA256, _ bytes: Int, _ remaining: Int) -> Bool {
        var hash = hash
        guard let piece = pending.readSlice(length: min(remaining, pending.readableBytes)) else { return false }
        piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        let rest = remaining - piece.readableBytes
        place = .longParameter(hash, bytes: bytes, remaining: rest)
        guard rest == 0 else { return false }
        add(.long(bytes: bytes, sha256: hash.finalize().hexadecimal))
        return true
    }

    private mutating func add(_ value: BoundValue) {
        parameters.append(value)
        place = parameters.count < parameterCount ? .parameter : .resultFormats
    }
}
