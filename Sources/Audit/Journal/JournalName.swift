/// A journal's name and its files' names: `<name>.<generation>.journal`.
enum JournalName {
    static func isValid(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    static func file(_ name: String, generation: UInt64) -> String {
        let digits = String(generation)
        return "\(name).\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).journal"
    }

    static func parse(_ file: String) -> (name: String, generation: UInt64)? {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2] == "journal", let generation = UInt64(parts[1]) else { return nil }
        return isValid(String(parts[0])) ? (String(parts[0]), generation) : nil
    }
}
