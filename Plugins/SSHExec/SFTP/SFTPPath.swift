/// A path as a packet names it: bytes, for POSIX knows no encoding of file names.
///
/// Two forms are for people and policies. `text` is the path as it was sent; `normalised` is the form of `HostPath`, and
/// absolute where the login folder is known. What is decided is the normalised form, and so it is also what the host
/// gets (`bytesToSend`): it would resolve links before a `..`, and `/tmp/a/../shadow` might be any folder's `shadow`.
/// Where the login folder is unknown, a relative path stays relative.
///
/// What the host's symbolic links make of the rest of a path cannot be known here: with `/tmp/a -> /etc`,
/// `/tmp/a/shadow` is `/etc/shadow`. Rules that must hold against those who can create links have to allow folders, or
/// be enforced on the host.
struct SFTPPath: Hashable, Sendable {
    private enum Kind {
        case plain
        /// The host is to make of it what it will, so that it gets the text as it was written.
        case verbatim
    }

    let bytes: [UInt8]
    private let form: HostPath
    private let kind: Kind
    /// It is resolved by the host when nobody is asked any more, from a folder that may be a link.
    private let climbs: Bool

    /// - Parameter folder: the absolute folder that a relative path starts from, if it is known.
    init(_ bytes: [UInt8], in folder: [UInt8]?) {
        self.init(bytes, in: folder, .plain, climbs: false)
    }

    /// The text of a symbolic link. The host keeps it as it is, and resolves it whenever somebody uses the link.
    ///
    /// - Parameter folder: the link's, where a relative text starts from.
    init(linkTarget bytes: [UInt8], in folder: [UInt8]?) {
        let climbs = bytes.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
        self.init(bytes, in: folder, .verbatim, climbs: climbs)
    }

    /// A text that the host reads in its own way, such as `~alice` of expand-path.
    init(verbatim bytes: [UInt8]) {
        self.init(bytes, in: nil, .verbatim, climbs: false)
    }

    private init(_ bytes: [UInt8], in folder: [UInt8]?, _ kind: Kind, climbs: Bool) {
        self.bytes = bytes
        self.kind = kind
        self.climbs = climbs
        let isRelative = bytes.first != UInt8(ascii: "/")
        if isRelative, let folder, folder.first == UInt8(ascii: "/") {
            form = HostPath(folder + [UInt8(ascii: "/")] + bytes)
        } else {
            form = HostPath(bytes)
        }
    }

    var text: String { HostPath.text(bytes) }

    var normalisedBytes: [UInt8] { form.bytes }

    /// `text` of the normalised form.
    var normalised: String { form.text }

    /// What the host gets.
    var bytesToSend: [UInt8] { kind == .plain ? form.bytes : bytes }

    /// What a policy is asked about; all of them have to be allowed.
    var names: [String] {
        let mayLeadElsewhere =
            switch kind {
            // What `..` took out is not sent.
            case .plain: HostPath(form.bytes).isUncertain
            case .verbatim: climbs || form.isUncertain
            }
        return mayLeadElsewhere ? [normalised, HostPath.unknown] : [normalised]
    }

    /// The folder that holds it, in normalised form; `nil` for a relative path.
    var folder: [UInt8]? {
        guard form.isAbsolute else { return nil }
        guard let slash = normalisedBytes.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
            return [UInt8(ascii: "/")]
        }
        return Array(normalisedBytes[..<slash])
    }
}
