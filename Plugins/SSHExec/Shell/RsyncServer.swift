/// `rsync --server`, with the options that an rsync gives the other one (`server_options` in its options.c). popt takes
/// them anywhere, also behind operands.
///
/// The first operand is `.`, in the place of the other side's paths: any other one is the folder that the paths start
/// from, and no rsync sends it.
enum RsyncServer {
    private static let letters = Set("vqbunldKmOJyLkWHogDtUNpEAXrcCIRxSz".utf8)

    private static let flags: Set<String> = [
        "list-only", "no-r", "no-specials", "specials", "devices", "no-devices", "msgs2stderr", "no-msgs2stderr",
        "new-compress", "old-compress", "no-compress", "force", "super", "size-only", "stats", "ignore-missing-args",
        "delay-updates", "partial", "ignore-errors", "copy-unsafe-links", "safe-links", "numeric-ids", "use-qsort",
        "ignore-existing", "existing", "fsync", "append", "inplace", "no-W", "from0", "no-relative", "no-implied-dirs",
        "write-devices", "copy-devices", "preallocate", "open-noatime", "mkpath", "no-inc-recursive", "fake-super",
        "no-i-r",
    ]

    private static let removing: Set<String> = [
        "remove-source-files", "remove-sent-files", "delete", "delete-before", "delete-during", "delete-delay",
        "delete-after", "delete-excluded", "delete-missing-args",
    ]

    /// Options with a value that names no file of the host.
    private static let valued: Set<String> = [
        "iconv", "compress-level", "log-format", "timeout", "bwlimit", "suffix", "checksum-choice", "compress-choice",
        "max-delete", "min-size", "max-size", "skip-compress", "max-alloc", "modify-window", "checksum-seed", "usermap",
        "groupmap", "info", "debug",
    ]

    /// Folders that the receiver reads or writes beside its operand.
    private static let folders: [String: (isRead: Bool, isWritten: Bool)] = [
        "backup-dir": (false, true), "partial-dir": (true, true), "temp-dir": (false, true),
        "compare-dest": (true, false), "copy-dest": (true, false), "link-dest": (true, false),
    ]

    static func read(_ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        func has(_ option: String) -> Bool {
            arguments.contains { $0.isKnown && $0.text.utf8.elementsEqual(option.utf8) }
        }
        guard has("--server") || has("--sender") else {
            return arguments.contains(where: \.mayBeOption) ? .unknown(.rsync) : nil
        }
        var reading = Reading(words: arguments)
        guard has("--server"), reading.run() else { return .unknown(.rsync) }
        return TransferCommand(.rsync, reading.files(sends: has("--sender")))
    }

    private struct Reading {
        var words: ArraySlice<ShellWord>
        private var operands: [ShellWord] = []
        private var others: [TransferCommand.Touched] = []
        private var removes = false

        init(words: ArraySlice<ShellWord>) { self.words = words }

        /// Whether every word is understood.
        mutating func run() -> Bool {
            while let word = words.popFirst() {
                guard word.isKnown, word.text.utf8.first == UInt8(ascii: "-"), word.text.utf8.count > 1 else {
                    if word.mayBeOption { return false }
                    operands.append(word)
                    continue
                }
                guard word.text.utf8.starts(with: "--".utf8) ? readLong(word.text) : readLetters(word.text) else {
                    return false
                }
            }
            return operands.first.map { $0.isKnown && $0.text.utf8.elementsEqual(".".utf8) } ?? false
        }

        private mutating func readLong(_ text: String) -> Bool {
            let option = text.utf8.dropFirst(2)
            let name = String(option.prefix { $0 != UInt8(ascii: "=") }) ?? ""
            let isJoined = name.utf8.count < option.count
            if !isJoined {
                if name == "server" || name == "sender" || flags.contains(name) { return true }
                if removing.contains(name) {
                    removes = true
                    return true
                }
            }
            let value: ShellWord
            if isJoined {
                value = ShellWord(text: String(option.dropFirst(name.utf8.count + 1)) ?? "", isKnown: true)
            } else {
                guard let next = words.popFirst(), !next.mayBeOption else { return false }
                value = next
            }
            if valued.contains(name) { return true }
            if let use = folders[name] {
                others.append(.init(path: value, isRead: use.isRead, isWritten: use.isWritten))
                return true
            }
            switch name {
            // It stands for the other side's batch, and is not opened here.
            case "only-write-batch": return value.isKnown && value.text.utf8.elementsEqual("X".utf8)
            case "files-from":
                // What the list names is read as well; `-` is a list that the protocol tells.
                let isTold = value.isKnown && value.text.utf8.elementsEqual("-".utf8)
                others += [.init(path: nil, isRead: true, isWritten: false)]
                if !isTold { others.append(.init(path: value, isRead: true, isWritten: false)) }
                return true
            default: return false
            }
        }

        private func readLetters(_ text: String) -> Bool {
            var rest = text.utf8.dropFirst()
            while let letter = rest.popFirst() {
                switch letter {
                // What follows says what the other side can do.
                case UInt8(ascii: "e"): return !rest.isEmpty
                case UInt8(ascii: "B"), UInt8(ascii: "@"):
                    return !rest.isEmpty && rest.allSatisfy { ShellBytes.isDigit($0) || $0 == UInt8(ascii: "-") }
                // `s` is not among them: with it more options come by the protocol, `--sender` too.
                default: guard letters.contains(letter) else { return false }
                }
            }
            return true
        }

        func files(sends: Bool) -> [TransferCommand.Touched] {
            let paths = operands.count > 1 ? operands.dropFirst().map(Optional.some) : [nil]
            return paths.map { .init(path: $0, isRead: sends, isWritten: !sends || removes) } + others
        }
    }
}
