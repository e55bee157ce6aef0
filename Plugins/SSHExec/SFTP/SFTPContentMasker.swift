/// Masks one file's whole content. `nil`: this content cannot be masked (it is no text), so it must not be read.
///
/// It is called while `SFTPRelay.nextAction` runs, with at most `SFTPLimits.maximumMaskedFile` bytes.
protocol SFTPContentMasker {
    /// - Parameter path: the file's path in its normalised form (`SFTPPath.normalised`).
    func masked(_ content: [UInt8], path: String) -> [UInt8]?
}
