import Foundation

/// What source files import.
struct ImportStatements {
    struct Statement: Hashable {
        /// Below the package's folder.
        var file: String
        var module: String
    }

    /// Of all Swift files below `folder`.
    static func read(in folder: String, root: URL) -> [Statement] {
        let base = root.appendingPathComponent(folder)
        let files = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".swift") }.sorted().flatMap { file -> [Statement] in
            let path = base.appendingPathComponent(file)
            guard let data = FileManager.default.contents(atPath: path.path) else { return [] }
            return modules(in: String(decoding: data, as: UTF8.self)).map {
                Statement(file: "\(folder)/\(file)", module: $0)
            }
        }
    }

    /// The modules that `source` imports, whole or in part.
    static func modules(in source: String) -> [String] {
        // The expression is made here because it is not Sendable.
        let statement =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?([A-Za-z_]\w*)(?=[\s.]|$)/
        return source.split(whereSeparator: { $0.isNewline || $0 == ";" }).compactMap { line in
            line.firstMatch(of: statement).map { String($0.1) }
        }
    }
}
