/// An id from the command line that goes into a URL's path: nothing that could lead elsewhere.
struct PathPart: CustomStringConvertible {
    let description: String

    init(_ text: String) throws {
        let isPlain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d
        }
        guard !text.isEmpty, isPlain else {
            throw CommandFailure("\"\(Terminal.plain(text))\" is no id; the list command shows ids", status: .usage)
        }
        description = text
    }
}
