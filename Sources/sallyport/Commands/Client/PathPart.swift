import ArgumentParser
import Identifiers

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

    /// Refuses what is no id before anybody is asked: a slip needs neither a gateway nor a token to be seen.
    ///
    /// - Parameters:
    ///   - what: Whose id, e.g. `a session`.
    ///   - list: The command that shows such ids.
    static func checkID(_ text: String, of what: String, shownBy list: String) throws {
        guard UUIDv7(text) != nil else {
            throw ValidationError(
                "\"\(Terminal.plain(text))\" is not the id of \(what): that is a UUID, as `sallyport \(list)` shows it")
        }
    }
}
