import Crypto
import Foundation
import Identifiers
import Masking

/// Opens a file of sealed originals with the auditor's private key: chunk by chunk in the order of the file.
public struct OriginalsOpener {
    /// A value, or a part of a long one.
    public struct Record: Sendable, Equatable {
        public let field: OriginalsField
        public let row: UInt64
        public let bytes: [UInt8]
        /// The value goes on in the next record of the same field and row.
        public let continues: Bool
    }

    private let reader: SealedOriginalsReader
    private var context: HPKE.Recipient

    /// - Throws: `.otherKey`, `.notSealedOriginals`
    public init(_ reader: SealedOriginalsReader, key: AuditorPrivateKey) throws(OriginalsError) {
        guard key.publicKey.id.isExactly(reader.header.key) else {
            throw .otherKey(path: reader.path, sealedTo: reader.header.key)
        }
        self.reader = reader
        do {
            context = try HPKE.Recipient(
                privateKey: key.key, ciphersuite: SealedFormat.suite, info: Data(SealedFormat.info.utf8),
                encapsulatedKey: reader.encapsulatedKey)
        } catch {
            throw .notSealedOriginals(path: reader.path, reason: "its encapsulated key is none")
        }
    }

    /// Opens the next chunk; `nil` at the end.
    ///
    /// - Throws: `.notOpened` where it is not what was sealed at this place of this session.
    public mutating func next() throws(OriginalsError) -> (
        chunk: SealedOriginalsReader.Chunk, header: SealedChunkHeader, records: [Record]
    )? {
        guard let chunk = reader.next() else { return nil }
        let place = position
        position += 1
        let failure = OriginalsError.notOpened(path: reader.path, sequence: place)
        guard let plain = try? context.open(chunk.body, authenticating: chunk.headerBytes), let header = chunk.header,
            header.sequence == place, header.session == reader.header.session, header.part == reader.header.part,
            header.log.isExactly(reader.header.log)
        else { throw failure }
        guard let records = Self.records(of: plain, header.fields) else { throw failure }
        return (chunk, header, records)
    }

    private var position: UInt64 = 0

    private static func records(of plain: Data, _ fields: [SealedChunkHeader.Field]) -> [Record]? {
        plain.withUnsafeBytes { bytes in
            var records: [Record] = []
            var index = 0
            while index < bytes.count {
                guard let record = OriginalsRecord(in: bytes, at: &index), record.field < UInt64(fields.count) else {
                    return nil
                }
                records.append(
                    Record(
                        field: fields[Int(record.field)].field, row: record.row, bytes: Array(record.value),
                        continues: record.continues))
            }
            return records
        }
    }
}
