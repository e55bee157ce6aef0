import Markup
import StrictJSON

/// What an entry says of what changed, item by item, in its own words.
struct ToldChanges: Sendable {
    let items: [JSONValue]
    /// What the entry had no room for.
    let omitted: Int64
    /// `unknown` where the gateway did not know what was before.
    let since: String?
    /// Entries of older versions, and refused loads, do not say it.
    let isTold: Bool

    init(_ entry: JSONValue, _ member: String) {
        isTold = entry[member]?.array != nil
        items = entry[member]?.array ?? []
        omitted = entry["\(member)_omitted"]?.integer ?? 0
        since = entry["since"]?.string
    }

    var json: JSONValue { isTold ? .array(items) : .null }
}

// MARK: For people

extension ToldChanges {
    /// Characters of a text on the page; the document for programs has all of them.
    private static let longestText = 4000

    /// Each policy with its text as it was and as it is.
    var policies: HTML {
        guard isTold else { return "The entry does not say it." }
        return list(items, none: "No policy was added, removed or changed.") { item in
            let set: HTML = item["set"]?.string.map { " of the \($0)" } ?? ""
            let file = item["file"]?.string ?? ""
            return """
                \(Self.word(item)) <strong>\(item["id"]?.string ?? "")</strong>\(set) in \(file)\
                \(Self.side("before", item["before"]))\(Self.side("after", item["after"]))
                """
        }
    }

    /// Each file, by name.
    var files: HTML {
        guard isTold, !items.isEmpty else { return "" }
        return list(items, none: "") { item in
            let digests = ["before", "after"].compactMap { name in item[name]?["digest"]?.string }
                .map { digest -> HTML in " <code>\(digest)</code>" }
            return "\(Self.word(item)) the file \(item["file"]?.string ?? "")\(digests)"
        }
    }

    /// Each setting with its value as it was and as it is.
    var settings: HTML {
        guard isTold else { return "The entry does not say it." }
        return list(items, none: "Nothing that it shows.") { item in
            let hidden: HTML = item["hidden"]?.bool == true ? " (may be a secret, and is not shown)" : ""
            return """
                \(Self.word(item)) <strong>\(item["setting"]?.string ?? "")</strong>\(hidden)\
                \(Self.value("before", item))\(Self.value("after", item))
                """
        }
    }

    private func list(_ items: [JSONValue], none: HTML, _ row: (JSONValue) -> HTML) -> HTML {
        let unknown: HTML = since == nil ? "" : "<p>What was before is not known.</p>"
        guard !items.isEmpty else { return "\(unknown)\(none)" }
        let rows = items.map { item -> HTML in "<li>\(row(item))</li>" }
        let more: HTML = omitted == 0 ? "" : "<li>and \(omitted) more, for which the entry had no room</li>"
        return "\(unknown)<ul>\(rows)\(more)</ul>"
    }

    private static func word(_ item: JSONValue) -> HTML { "\(item["change"]?.string ?? "")" }

    private static func side(_ name: String, _ side: JSONValue?) -> HTML {
        guard let side else { return "" }
        let digest = side["digest"]?.string ?? ""
        guard let text = side["text"]?.string else {
            return
                "<br>\(name) (<code>\(digest)</code>): \(side["text_bytes"]?.integer ?? 0) bytes, too long for the entry"
        }
        return "<br>\(name) (<code>\(digest)</code>):<pre>\(cut(text))</pre>"
    }

    private static func value(_ name: String, _ item: JSONValue) -> HTML {
        if let bytes = item["\(name)_bytes"]?.integer { return "<br>\(name): \(bytes) bytes, too long for the entry" }
        guard let value = item[name] else { return "" }
        return "<br>\(name): <code>\(cut(String(decoding: value.canonicalBytes, as: UTF8.self)))</code>"
    }

    private static func cut(_ text: String) -> String {
        text.count <= longestText ? text : "\(text.prefix(longestText))…"
    }
}
