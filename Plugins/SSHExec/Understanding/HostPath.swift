/// A path on a host, in the one form that policies, approvers and records see of it, whatever it came by: a
/// redirection, `scp`, `rsync`, `git` or SFTP.
///
/// It is a form of the text: `//`, `/./` and a last `/` are taken out, and `..` takes out what stands before it. The host
/// resolves links, which cannot be known here: with `/tmp/a -> /etc/x`, `/tmp/a/../shadow` is `/etc/shadow` although it
/// reads as `/tmp/shadow`. Where the host gets the text as it was written, such a path is therefore `isUncertain`.
///
/// A relative path stays relative (`dir/file`, `../file`, `~/file`), so that no pattern for absolute ones takes it.
struct HostPath: Hashable, Sendable {
    /// The name of a file that is not known.
    static let unknown = "?"

    let bytes: [UInt8]
    /// Whether `..` took out a name, or the path goes through links that every host has: it may lead elsewhere.
    let isUncertain: Bool

    init(_ written: some Collection<UInt8>) {
        let written = Array(written)
        let isAbsolute = written.first == Self.slash
        var parts: [ArraySlice<UInt8>] = []
        var climbs = false
        for part in written.split(separator: Self.slash) {
            if part.elementsEqual(".".utf8) { continue }
            guard part.elementsEqual("..".utf8) else {
                parts.append(part)
                continue
            }
            if let last = parts.last, !last.elementsEqual("..".utf8) {
                parts.removeLast()
                climbs = true
            } else if !isAbsolute {
                parts.append(part)
            }
            // Above the root is the root (POSIX, Pathname Resolution).
        }
        var bytes: [UInt8] = []
        for part in parts {
            if isAbsolute || !bytes.isEmpty { bytes.append(Self.slash) }
            bytes.append(contentsOf: part)
        }
        if bytes.isEmpty { bytes = [isAbsolute ? Self.slash : UInt8(ascii: ".")] }
        self.bytes = bytes
        isUncertain = climbs || isAbsolute && Self.leadsElsewhere(parts)
    }

    var isAbsolute: Bool { bytes.first == Self.slash }

    var text: String { Self.text(bytes) }

    /// What a policy is asked about, where the host resolves the path as it was written. All of them have to be
    /// allowed, so that a path which may lead elsewhere fits neither a narrow permit nor slips past a forbid.
    var names: [String] { isUncertain ? [text, Self.unknown] : [text] }

    /// The names of a file that a shell or a program opens by a word of a command line.
    static func names(_ word: ShellWord) -> [String] {
        guard word.isKnown, !word.text.isEmpty else { return [unknown] }
        return HostPath(word.text.utf8).names
    }

    /// The name of an executable. `./ls` is not `ls`, which is looked for in `PATH`.
    static func executable(_ written: String) -> String {
        let path = HostPath(written.utf8)
        guard !path.isUncertain else { return unknown }
        let isLookedUp = !written.utf8.contains(slash)
        return isLookedUp || path.bytes.contains(slash) ? path.text : "./" + path.text
    }

    /// UTF-8 with a backslash written as `\\` and each byte that is no UTF-8 as `\xNN`, so that two different paths
    /// never have the same text. Compare as UTF-8 bytes: `String ==` takes é and e´ for one.
    static func text(_ bytes: [UInt8]) -> String {
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

    private static let slash = UInt8(ascii: "/")

    /// `/proc/self/root/etc` is `/etc`, `/proc/1/cwd` and `/dev/fd/3/x` are anything.
    private static func leadsElsewhere(_ parts: [ArraySlice<UInt8>]) -> Bool {
        func isOne(_ part: ArraySlice<UInt8>, of names: String...) -> Bool {
            names.contains { part.elementsEqual($0.utf8) }
        }
        guard let first = parts.first, parts.count > 2 else { return false }
        if isOne(first, of: "proc") {
            return parts.dropFirst(2).contains { isOne($0, of: "root", "cwd", "exe", "fd", "map_files") }
        }
        return isOne(first, of: "dev") && isOne(parts[1], of: "fd") && parts.count > 3
    }
}
