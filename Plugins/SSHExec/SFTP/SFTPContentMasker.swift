/// Masks what a caller gets to see of a host's files, under the rules that apply to one decided request.
///
/// It is called while `SFTPRelay.nextAction` runs, with at most `SFTPLimits.maximumMaskedFile` bytes.
protocol SFTPContentMasker {
    /// Masks one file's whole content.
    ///
    /// - Parameter path: the file's path in its normalised form (`SFTPPath.normalised`).
    /// - Throws: where this content cannot be masked, so that it must not be read.
    func masked(_ content: [UInt8], path: String) throws(SFTPUnmaskable) -> [UInt8]

    /// Masks a name in a folder, a path, or a message: a whole text that is no file's content.
    func masked(text: [UInt8]) throws(SFTPUnmaskable) -> [UInt8]
}

/// Why something cannot be masked, in words for the caller.
struct SFTPUnmaskable: Error {
    let reason: String
}
