import Crypto

/// Takes regulated values out of texts that are recorded: what a detector finds stands as a keyed digest,
/// `«US_SSN:…»`, so that records can be searched for a known value and reveal none.
public struct SensitiveTextRedactor: Sendable {
    private let pseudonyms: Pseudonymizer
    private let scanner = DetectorScanner(detectors: .all)

    /// - Parameter key: the deployment's pseudonym key; the digests equal those of the `pseudonym` transform.
    public init(key: SymmetricKey) { pseudonyms = Pseudonymizer(key: key) }

    /// The text with its regulated values replaced; `nil` when it holds none.
    public func redact(_ text: String) -> String? {
        var text = text
        return text.withUTF8 { redact(UnsafeRawBufferPointer($0)) }
    }

    /// What stands for a whole value that a rule selects by its name or place: `«VALUE:…»`, or with the name of the
    /// detector that knows it, so that it equals the digest of the same value amid a text.
    public func digest(of value: String) -> String {
        var value = value
        return value.withUTF8 { bytes in
            var output = Array("«".utf8)
            Transform.pseudonym.apply(
                to: UnsafeRawBufferPointer(bytes), detector: nil, pseudonyms: pseudonyms, appendingTo: &output)
            output.append(contentsOf: "»".utf8)
            return String(decoding: output, as: UTF8.self)
        }
    }

    private func redact(_ bytes: UnsafeRawBufferPointer) -> String? {
        let text = ScannedText(bytes: bytes, isFinal: true)
        var cursor = DetectorScanner.Cursor()
        var output: [UInt8] = []
        var end = 0
        while let match = scanner.next(in: text, from: &cursor, context: []) {
            output.append(contentsOf: bytes[end..<match.start])
            output.append(contentsOf: "«".utf8)
            Transform.pseudonym.apply(
                to: UnsafeRawBufferPointer(rebasing: bytes[match.start..<match.end]), detector: match.detector,
                pseudonyms: pseudonyms, appendingTo: &output)
            output.append(contentsOf: "»".utf8)
            end = match.end
        }
        guard end > 0 else { return nil }
        output.append(contentsOf: bytes[end...])
        return String(decoding: output, as: UTF8.self)
    }
}
