import Vault

/// Splits a file at newlines.
final class LineReader {
    private let path: String
    private let file: EvidenceFile
    private var offset: UInt64 = 0
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to where `buffer` was searched for a newline.
    private var searched = 0

    init(_ place: EvidencePlace) throws(RecordingError) {
        path = place.path
        file = try RecordingError.wrap(path) { () throws(VaultError) in try EvidenceFile(place) }
    }

    /// Whether bytes without a newline are left.
    var hasRest: Bool { start < buffer.count }

    func next() throws(RecordingError) -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[start..<end]
                start = end + 1
                searched = start
                return line
            }
            searched = buffer.count
            guard let chunk = try chunk() else { return nil }
            buffer.removeFirst(start)
            searched -= start
            start = 0
            buffer.append(contentsOf: chunk)
        }
    }

    private func chunk() throws(RecordingError) -> [UInt8]? {
        let chunk = try RecordingError.wrap(path) { () throws(VaultError) in
            try file.read(at: offset, count: 1 << 16)
        }
        offset += UInt64(chunk.count)
        return chunk.isEmpty ? nil : chunk
    }
}
