import NIOCore

/// The character set that the client and the server speak (`client_encoding`).
struct ClientEncoding: Hashable {
    let name: String
    private let reading: Reading

    private enum Reading: Hashable {
        case utf8
        /// Each byte is the code point of its number.
        case latin1
        /// Bytes below 0x80 are ASCII wherever they stand; others are not read.
        case asciiSafe
        /// A byte below 0x80 can be the second half of a character: nothing is read.
        case other
    }

    static let utf8 = ClientEncoding(name: "UTF8")

    /// - Parameter name: As the server reports it, e.g. `UTF8`, `LATIN1`, `SJIS`.
    init(name: String) {
        self.name = name
        switch name.uppercased() {
        case "UTF8", "UNICODE": reading = .utf8
        case "LATIN1": reading = .latin1
        // Of PostgreSQL's encodings only these have ASCII bytes within other characters; the server itself takes none
        // of them as a database's encoding for that reason.
        case "SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004": reading = .other
        case let name
        where name == "SQL_ASCII" || name.hasPrefix("LATIN") || name.hasPrefix("WIN") || name.hasPrefix("ISO_8859_")
            || name.hasPrefix("KOI8") || name.hasPrefix("EUC_") || name == "MULE_INTERNAL":
            reading = .asciiSafe
        default: reading = .other
        }
    }

    /// Whether what looks like ASCII in a value is ASCII, so that detectors see what there is.
    var isASCIISafe: Bool { reading != .other }

    /// `nil` where the gateway would have to guess.
    func text(of bytes: ByteBuffer) -> String? {
        let view = bytes.readableBytesView
        switch reading {
        case .utf8: return bytes.validText
        case .latin1:
            var text = ""
            text.unicodeScalars.append(contentsOf: view.lazy.map { Unicode.Scalar($0) })
            return text
        case .asciiSafe: return view.allSatisfy { $0 < 0x80 } ? String(decoding: view, as: UTF8.self) : nil
        case .other: return nil
        }
    }
}
