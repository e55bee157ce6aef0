import GatewayCore
import NIOCore

// The rows of results: relayed as they are, or looked into because they are masked or recorded.
extension Relay {
    func rowHandling(_ type: UInt8) -> RowTreatment {
        switch replies.first {
        case .query(let run): type == MessageCode.dataRow ? run.rows : run.copies ? .unknown : .relayed
        case .execute(let portal): type == MessageCode.dataRow ? portal.rows : portal.copies ? .unknown : .relayed
        default: .unknown
        }
    }

    /// Masks the rows that are there in whole, records and sends them.
    ///
    /// - Parameter masking: `nil` where they are only recorded.
    /// - Returns: Their bytes; `nil` where the session has ended.
    func inspectRows(from index: Int, _ masking: RowMasking?, _ command: RunningCommand) -> Int? {
        var out = ByteBuffer()
        out.reserveCapacity(arrived.writerIndex - index + 512)
        // One more than the limit is what exceeds it.
        let limit = command.maximumRows.map { max(0, $0 - command.rows) } ?? .max
        let offset = index - arrived.readerIndex
        let result: Result<RowMasking.Run, ProtocolViolation> = arrived.withUnsafeReadableBytes { bytes in
            Result { () throws(ProtocolViolation) in
                let rows = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard let masking else { return try RowMasking.copy(rows, limit: limit, into: &out) }
                return try masking.mask(rows, limit: limit, into: &out)
            }
        }
        switch result {
        case .failure(let violation):
            breakOff(violation.message)
            return nil
        case .success(let run):
            if let failure = masking?.originalsFailure {
                loseOriginals(failure, of: command)
                return nil
            }
            command.rows += run.rows
            command.responseBytes += out.readableBytes
            if let masking { command.masked = masking.counts }
            out.withUnsafeReadableBytes { command.answer?.append(rows: $0) }
            if out.readableBytes > 0 { caller.write(out) }
            // A whole row is there that may not go out.
            if limit == 0, !countRow(of: command) { return nil }
            return run.consumed
        }
    }

    /// - Returns: Whether the row may go out.
    func countRow(of command: RunningCommand) -> Bool {
        command.rows += 1
        guard let limit = command.maximumRows, command.rows > limit else { return true }
        command.end(.interrupted, status: "row limit", reason: "more than \(limit) rows")
        place.cancelUpstream()
        fail(.tooManyRows(limit), reason: "a result had more rows than policy allows")
        return false
    }
}
