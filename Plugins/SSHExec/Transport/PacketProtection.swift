import Crypto
import CryptoExtras
import Foundation
import NIOCore
import NIOFoundationCompat

/// How the packets of one direction are sealed and opened (RFC 4253, section 6).
enum PacketProtection {
    /// Before the first keys.
    case none
    case gcm(GCMProtection)
    case ctr(CTRProtection)

    /// What a packet's length has to be a multiple of.
    var blockSize: Int {
        switch self {
        case .none: 8
        case .gcm, .ctr: 16
        }
    }

    /// Whether the length of a packet is among what is padded to whole blocks.
    var padsLength: Bool {
        switch self {
        case .none: true
        case .gcm: false
        case .ctr(let protection): !protection.mac.isEncryptThenMAC
        }
    }

    /// What a packet has behind what its length counts.
    var tagLength: Int {
        switch self {
        case .none: 0
        case .gcm: 16
        case .ctr(let protection): protection.mac.length
        }
    }

    /// Appends the packet to `out`, sealed.
    ///
    /// - Parameter packet: Padding length, payload and padding; without the length.
    mutating func seal(_ packet: ByteBuffer, sequence: UInt32, into out: inout ByteBuffer) throws(TransportError) {
        switch self {
        case .none:
            out.writeInteger(UInt32(packet.readableBytes))
            out.writeImmutableBuffer(packet)
        case .gcm(var protection):
            self = .none
            try protection.seal(packet, into: &out)
            self = .gcm(protection)
        case .ctr(var protection):
            self = .none
            try protection.seal(packet, sequence: sequence, into: &out)
            self = .ctr(protection)
        }
    }

    /// The length of the packet that `buffer` begins with; `nil` when not enough of it is there.
    mutating func length(of buffer: ByteBuffer) throws(TransportError) -> UInt32? {
        switch self {
        case .none, .gcm: return buffer.getInteger(at: buffer.readerIndex)
        case .ctr(var protection):
            defer { self = .ctr(protection) }
            return try protection.length(of: buffer)
        }
    }

    /// Takes the packet of `length` bytes off `buffer`, which holds all of it and its tag.
    ///
    /// - Returns: Padding length, payload and padding.
    mutating func open(_ buffer: inout ByteBuffer, length: Int, sequence: UInt32) throws(TransportError) -> ByteBuffer {
        switch self {
        case .none:
            buffer.moveReaderIndex(forwardBy: 4)
            guard let packet = buffer.readSlice(length: length) else { throw Self.corrupted }
            return packet
        case .gcm(var protection):
            defer { self = .gcm(protection) }
            return try protection.open(&buffer, length: length)
        case .ctr(var protection):
            defer { self = .ctr(protection) }
            return try protection.open(&buffer, length: length, sequence: sequence)
        }
    }

    fileprivate static let corrupted = TransportError(.macError, "A packet was changed on its way.")
    fileprivate static let failed = TransportError(.keyExchangeFailed, "A packet could not be encrypted.")
}

/// AES-GCM as OpenSSH uses it: the length stands in clear and is authenticated; the last eight bytes of the nonce count
/// packets (RFC 5647, section 7.1).
struct GCMProtection {
    private let key: SymmetricKey
    private let fixed: [UInt8]
    private var counter: UInt64

    init(key: [UInt8], iv: [UInt8]) {
        self.key = SymmetricKey(data: key)
        fixed = Array(iv.prefix(4))
        counter = iv.dropFirst(4).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func nextNonce() throws -> AES.GCM.Nonce {
        defer { counter &+= 1 }
        var nonce = ByteBuffer()
        nonce.writeBytes(fixed)
        nonce.writeInteger(counter)
        return try AES.GCM.Nonce(data: nonce.readableBytesView)
    }

    mutating func seal(_ packet: ByteBuffer, into out: inout ByteBuffer) throws(TransportError) {
        do {
            let nonce = try nextNonce()
            let start = out.writerIndex
            out.writeInteger(UInt32(packet.readableBytes))
            let length = out.viewBytes(at: start, length: 4) ?? ByteBuffer().readableBytesView
            let box = try AES.GCM.seal(packet.readableBytesView, using: key, nonce: nonce, authenticating: length)
            out.writeBytes(box.ciphertext)
            out.writeBytes(box.tag)
        } catch {
            throw PacketProtection.failed
        }
    }

    mutating func open(_ buffer: inout ByteBuffer, length: Int) throws(TransportError) -> ByteBuffer {
        guard let prefix = buffer.readSlice(length: 4), let ciphertext = buffer.readSlice(length: length),
            let tag = buffer.readSlice(length: 16)
        else { throw PacketProtection.corrupted }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: nextNonce(), ciphertext: ciphertext.readableBytesView, tag: tag.readableBytesView)
            return ByteBuffer(data: try AES.GCM.open(box, using: key, authenticating: prefix.readableBytesView))
        } catch {
            throw PacketProtection.corrupted
        }
    }
}

/// AES in counter mode (RFC 4344) with an HMAC (RFC 6668), which is over the plain packet, or over the encrypted one
/// where its name says `etm`.
struct CTRProtection {
    let mac: MACAlgorithm
    private let key: SymmetricKey
    private let macKey: SymmetricKey
    private var counter: BlockCounter
    /// The first block of a packet whose rest is not there yet: its length was in it.
    private var firstBlock: [UInt8]?

    init(key: [UInt8], iv: [UInt8], mac: MACAlgorithm, macKey: [UInt8]) {
        self.mac = mac
        self.key = SymmetricKey(data: key)
        self.macKey = SymmetricKey(data: macKey)
        counter = BlockCounter(iv)
    }

    mutating func seal(_ packet: ByteBuffer, sequence: UInt32, into out: inout ByteBuffer) throws(TransportError) {
        do {
            var clear = ByteBuffer()
            clear.writeInteger(UInt32(packet.readableBytes))
            if mac.isEncryptThenMAC {
                let encrypted = try crypt(packet.readableBytesView)
                clear.writeBytes(encrypted)
                out.writeImmutableBuffer(clear)
                out.writeBytes(tag(sequence, clear.readableBytesView))
            } else {
                clear.writeImmutableBuffer(packet)
                out.writeBytes(try crypt(clear.readableBytesView))
                out.writeBytes(tag(sequence, clear.readableBytesView))
            }
        } catch {
            throw PacketProtection.failed
        }
    }

    mutating func length(of buffer: ByteBuffer) throws(TransportError) -> UInt32? {
        if mac.isEncryptThenMAC { return buffer.getInteger(at: buffer.readerIndex) }
        if firstBlock == nil {
            guard let block = buffer.viewBytes(at: buffer.readerIndex, length: 16) else { return nil }
            do {
                firstBlock = Array(try crypt(block))
            } catch {
                throw PacketProtection.failed
            }
        }
        return firstBlock?.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func open(_ buffer: inout ByteBuffer, length: Int, sequence: UInt32) throws(TransportError) -> ByteBuffer {
        guard let packet = buffer.readSlice(length: 4 + length), let sent = buffer.readSlice(length: mac.length) else {
            throw PacketProtection.corrupted
        }
        do {
            if mac.isEncryptThenMAC {
                try check(sent, tag: sequence, packet.readableBytesView)
                return ByteBuffer(data: try crypt(packet.readableBytesView.dropFirst(4)))
            }
            var clear = ByteBuffer(bytes: firstBlock ?? [])
            firstBlock = nil
            clear.writeBytes(try crypt(packet.readableBytesView.dropFirst(clear.readableBytes)))
            try check(sent, tag: sequence, clear.readableBytesView)
            clear.moveReaderIndex(forwardBy: 4)
            return clear
        } catch {
            throw PacketProtection.corrupted
        }
    }

    private mutating func crypt(_ bytes: some DataProtocol) throws -> Data {
        defer { counter.advance(bytes: bytes.count) }
        return try AES._CTR.encrypt(bytes, using: key, nonce: AES._CTR.Nonce(nonceBytes: counter.bytes))
    }

    private func tag(_ sequence: UInt32, _ packet: some DataProtocol) -> [UInt8] {
        func compute<Hash: HashFunction>(_ hash: Hash.Type) -> [UInt8] {
            var code = HMAC<Hash>(key: macKey)
            withUnsafeBytes(of: sequence.bigEndian) { code.update(data: $0) }
            code.update(data: packet)
            return Array(code.finalize())
        }
        return mac.length == 32 ? compute(SHA256.self) : compute(SHA512.self)
    }

    /// Compares in constant time.
    private func check(_ sent: ByteBuffer, tag sequence: UInt32, _ packet: some DataProtocol) throws(TransportError) {
        let right = tag(sequence, packet)
        let difference = zip(sent.readableBytesView, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        guard sent.readableBytes == right.count, difference == 0 else { throw PacketProtection.corrupted }
    }
}

/// The 128-bit counter of counter mode.
private struct BlockCounter {
    private var high: UInt64
    private var low: UInt64

    init(_ iv: [UInt8]) {
        high = iv.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = iv.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    /// - Parameter bytes: Whole blocks, as packets are.
    mutating func advance(bytes: Int) {
        let (sum, overflow) = low.addingReportingOverflow(UInt64(bytes / 16))
        low = sum
        if overflow { high &+= 1 }
    }
}
