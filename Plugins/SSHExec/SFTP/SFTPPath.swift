/// A path as a packet names it: bytes, for POSIX knows no encoding of file names.
///
/// Two forms are for people and policies. `text` is the path as it was sent; `normalised` is the same place without
/// `//`, `.` and `..`, and absolute where the login folder is known, so that `/etc/../etc/shadow` and
/// `../../etc/shadow` do not slip past a rule on `/etc/shadow`. Where the login folder is unknown, a relative path
/// stays as it is.
///
/// Both are only text. What the host's symbolic links make of a path cannot be known here: with `/tmp/a -> /etc`,
/// `/tmp/a/shadow` is `/etc/shadow`, and `/tmp/a/../x` is `/x` on the host although it reads as `/tmp/x`. Rules that
/// must hold against those who can create links have to allow folders, or be enforced on the host.
struct SFTPPath: Hashable, Sendable {
    let bytes: [UInt8]
    let normalisedBytes: [UInt8]

    /// - Parameter folder: the absolute folder that a relative path starts from, if it is known.
    init(_ bytes: [UInt8], in folder: [UInt8]?) {
        self.bytes = bytes
        if bytes.first == UInt8(ascii: "/") {
            normalisedBytes = Self.normalise(bytes)
        } else if let folder, folder.first == UInt8(ascii: "/") {
            normalisedBytes = Self.normalise(folder + [UInt8(ascii: "/")] + bytes)
        } else {
            normalisedBytes = bytes
        }
    }

    /// A text that the host reads in its own way, such as `~alice` of expand-path.
    init(verbatim bytes: [UInt8]) {
        self.bytes = bytes
        normalisedBytes = bytes
    }

    /// UTF-8 with a backslash written as `\\` and each byte that is no UTF-8 as `\xNN`, so that two different paths
    /// never have the same text. Compare as UTF-8 bytes: `String ==` takes é and e´ for one.
    var text: String { Self.text(bytes) }

    /// `text` of the normalised form.
    var normalised: String { Self.text(normalisedBytes) }

    /// The folder that holds it, in normalised form; `nil` for a relative path.
    var folder: [UInt8]? {
        guard normalisedBytes.first == UInt8(ascii: "/") else { return nil }
        guard let slash = normalisedBytes.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
            return [UInt8(ascii: "/")]
        }
        return Array(normalisedBytes[..<slash])
    }

    private static func normalise(_ absolute: [UInt8]) -> [UInt8] {
        var parts: [ArraySlice<UInt8>] = []
        for part in absolute.split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                // Above the root is the root (POSIX, Pathname Resolution).
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        var path: [UInt8] = []
        for part in parts {
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: part)
        }
        return path.isEmpty ? [UInt8(ascii: "/")] : path
    }

    private static func text(_ bytes: [UInt8]) -> String {
        if !bytes.contains(UInt8(ascii: "\\")), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var position = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                text.unicodeScalars.append(scalar)
                if scalar == "\\" { text.append("\\") }
                position += encoded.count
            case .error(let length):
                for byte in bytes[position..<min(position + length, bytes.count)] {
                    let digits = String(byte, radix: 16)
                    text.append("\\x" + (digits.utf8.count < 2 ? "0" : "") + digits)
                }
                position += length
            case .emptyInput: return text
            }
        }
    }
}
