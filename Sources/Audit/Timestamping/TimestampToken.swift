import Crypto
import Foundation
import Identifiers

/// What a time-stamping authority says of some bytes (RFC 3161): that they were there at a time.
///
/// Who relies on it checks the authority's signature, with `openssl ts -verify` for example; here the answer is held
/// against what was asked.
public struct TimestampToken: Sendable, Equatable {
    /// When, by the authority's clock, to the millisecond.
    public let time: Timestamp
    /// The authority's number of it, in hexadecimal.
    public let serial: String

    /// The request (RFC 3161, section 2.4.1) for a time stamp of `bytes`: their SHA-256, no nonce, and with the wish for
    /// the authority's certificate in the answer. Its DER has always 59 bytes.
    public static func request(for bytes: [UInt8]) -> [UInt8] {
        var request: [UInt8] = [0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31]
        request += algorithm
        request += [0x04, 0x20]
        request += SHA256.hash(data: bytes)
        request += [0x01, 0x01, 0xff]
        return request
    }

    /// `AlgorithmIdentifier` of SHA-256, with the NULL.
    private static let algorithm: [UInt8] = [
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    ]
    private static let signedData: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]
    private static let timestampInfo: [UInt8] = [
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
    ]
    private static let sha256: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]

    /// Reads an authority's answer (`TimeStampResp`) to the request for `bytes`.
    ///
    /// - Throws: `TimestampError` when it grants nothing, is of other bytes, or is no such answer.
    public init(response: [UInt8], for bytes: [UInt8]) throws(TimestampError) {
        do {
            try self.init(response[...], digest: Array(SHA256.hash(data: bytes)))
        } catch let error as TimestampError {
            throw error
        } catch let error as DERReader.Malformed {
            throw .malformed("there is no \(error.expected) where RFC 3161 has one")
        } catch {
            throw .malformed("\(error)")
        }
    }

    private init(_ response: ArraySlice<UInt8>, digest: [UInt8]) throws {
        var outer = DERReader(response)
        var answer = try outer.enter(DERReader.Tag.sequence, "TimeStampResp")
        guard outer.isAtEnd else { throw TimestampError.malformed("bytes follow it") }
        try Self.checkStatus(try answer.enter(DERReader.Tag.sequence, "PKIStatusInfo"))

        var content = try answer.enter(DERReader.Tag.sequence, "token")
        guard try content.read(DERReader.Tag.objectIdentifier, "content type").elementsEqual(Self.signedData) else {
            throw TimestampError.malformed("the token is no CMS SignedData")
        }
        var wrapped = try content.enter(DERReader.Tag.context0, "SignedData")
        var signed = try wrapped.enter(DERReader.Tag.sequence, "SignedData")
        _ = try signed.read(DERReader.Tag.integer, "version of SignedData")
        _ = try signed.read(DERReader.Tag.set, "digest algorithms")
        var encapsulated = try signed.enter(DERReader.Tag.sequence, "encapsulated content")
        guard try encapsulated.read(DERReader.Tag.objectIdentifier, "type").elementsEqual(Self.timestampInfo) else {
            throw TimestampError.malformed("what the token signs is no TSTInfo")
        }
        var explicit = try encapsulated.enter(DERReader.Tag.context0, "content")
        var octets = DERReader(try explicit.read(DERReader.Tag.octetString, "TSTInfo"))
        var info = try octets.enter(DERReader.Tag.sequence, "TSTInfo")
        guard octets.isAtEnd else { throw TimestampError.malformed("bytes follow the TSTInfo") }

        guard try info.read(DERReader.Tag.integer, "version of TSTInfo").elementsEqual([1]) else {
            throw TimestampError.malformed("it is of another version of RFC 3161")
        }
        _ = try info.read(DERReader.Tag.objectIdentifier, "policy")
        var imprint = try info.enter(DERReader.Tag.sequence, "message imprint")
        var algorithm = try imprint.enter(DERReader.Tag.sequence, "hash algorithm")
        guard try algorithm.read(DERReader.Tag.objectIdentifier, "hash algorithm").elementsEqual(Self.sha256),
            try imprint.read(DERReader.Tag.octetString, "hash").elementsEqual(digest), imprint.isAtEnd
        else { throw TimestampError.otherBytes }
        serial = try info.read(DERReader.Tag.integer, "serial number").hexadecimal
        let text = String(decoding: try info.read(DERReader.Tag.generalizedTime, "time"), as: UTF8.self)
        guard let time = Self.time(text) else { throw TimestampError.malformed("\"\(text)\" is not a time in UTC") }
        self.time = time
    }

    private static func checkStatus(_ info: DERReader) throws {
        var info = info
        let status = try info.read(DERReader.Tag.integer, "status")
        if status.elementsEqual([0]) || status.elementsEqual([1]) { return }
        var reasons: [String] = []
        if info.next == DERReader.Tag.sequence {
            var texts = try info.enter(DERReader.Tag.sequence, "status text")
            while !texts.isAtEnd {
                reasons.append(String(decoding: try texts.read(DERReader.Tag.utf8String, "status text"), as: UTF8.self))
            }
        }
        throw TimestampError.refused(status: status.last.map { Int($0) } ?? -1, reason: reasons.joined(separator: "; "))
    }

    /// `YYYYMMDDhhmmss[.f…]Z` (RFC 3161, section 2.4.2).
    private static func time(_ text: String) -> Timestamp? {
        let digits = Array(text.utf8)
        guard digits.count >= 15, digits.last == UInt8(ascii: "Z") else { return nil }
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        var fraction = ""
        if digits.count > 15 {
            guard digits[14] == UInt8(ascii: "."), digits.count > 16 else { return nil }
            fraction = "." + part(15..<min(18, digits.count - 1))
        }
        return Timestamp(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))\(fraction)Z"
        )
    }
}

/// Why an authority's answer is no time stamp of what was asked.
public enum TimestampError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Its status, by RFC 3161, section 2.4.2.
    case refused(status: Int, reason: String)
    case otherBytes
    case malformed(String)

    public var description: String {
        switch self {
        case .refused(let status, let reason):
            "the authority refused (status \(status))\(reason.isEmpty ? "" : ": \(reason)")"
        case .otherBytes: "the time stamp is not of these bytes"
        case .malformed(let reason): "the answer is no time stamp: \(reason)"
        }
    }
}
