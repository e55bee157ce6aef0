/// `scp -f` sends the files that it names, `scp -t` writes what it is sent. The options are those of OpenSSH's getopt
/// string, `12346ABCTdfOpqRrstvD:F:J:M:P:S:c:i:l:o:X:`; what other scps have is a part of them.
enum SCPServer {
    private static let flags = Set("12346ABCTdOpqRrsv".utf8)
    private static let valued = Set("DFJMPSciloX".utf8)

    static func read(_ arguments: ArraySlice<ShellWord>) -> TransferCommand? {
        var words = arguments
        var sends = false
        var receives = false
        var isUnderstood = true
        var areOptionsOver = false
        while let word = words.first, word.isKnown, !areOptionsOver {
            let bytes = Array(word.text.utf8)
            guard bytes.first == UInt8(ascii: "-"), bytes.count > 1 else { break }
            words = words.dropFirst()
            areOptionsOver = bytes.elementsEqual("--".utf8)
            if areOptionsOver { break }
            var letters = bytes.dropFirst()
            while let letter = letters.popFirst() {
                switch letter {
                case UInt8(ascii: "f"): sends = true
                case UInt8(ascii: "t"): receives = true
                case _ where flags.contains(letter): break
                case _ where valued.contains(letter):
                    if letters.isEmpty, words.popFirst()?.isKnown != true { isUnderstood = false }
                    letters = []
                default: isUnderstood = false
                }
            }
        }
        // OpenSSH's own getopt ends at the first operand; that of others goes on behind it.
        if !areOptionsOver, words.contains(where: mayTurnServer) { isUnderstood = false }
        guard isUnderstood else {
            return arguments.contains(where: mayTurnServer) ? .unknown(.scp) : nil
        }
        guard sends || receives else { return nil }
        let paths = words.isEmpty ? [nil] : words.map(Optional.some)
        return TransferCommand(.scp, paths.map { .init(path: $0, isRead: sends, isWritten: receives) })
    }

    /// Whether the word would make a server of scp, if it were taken for options.
    private static func mayTurnServer(_ word: ShellWord) -> Bool {
        guard word.isKnown else { return word.mayBeOption }
        let bytes = Array(word.text.utf8)
        return bytes.first == UInt8(ascii: "-")
            && (bytes.contains(UInt8(ascii: "f")) || bytes.contains(UInt8(ascii: "t")))
    }
}
