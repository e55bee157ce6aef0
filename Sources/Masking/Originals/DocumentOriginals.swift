/// Keeps the originals of one text or document: says of each where it stood.
struct DocumentOriginals {
    let tap: OriginalsTap
    let plan: CompiledPlan
    /// What the document stands in: a column, or a string of another document.
    var prefix = ""
    /// Of the cell that the document is; otherwise values are numbered as they come.
    var row: UInt64?
    /// `nil` in text, which has no places.
    var place: DocumentPlace?

    func keep(_ value: UnsafeRawBufferPointer, rule: RuleIndex, encoding: OriginalsEncoding) {
        tap.keep(value, as: field(rule, encoding), row: row ?? tap.values + 1)
    }

    func begin(rule: RuleIndex, encoding: OriginalsEncoding) {
        tap.begin(field(rule, encoding), row: row ?? tap.values + 1)
    }

    private func field(_ rule: RuleIndex, _ encoding: OriginalsEncoding) -> OriginalsField {
        let rule = plan.rules[Int(rule)]
        return OriginalsField(name: name, rule: rule.name, selector: rule.selector, encoding: encoding)
    }

    /// Of the value that is masked now.
    var name: String {
        guard let place else { return prefix.isEmpty ? "text" : prefix }
        return prefix.isEmpty ? place.text : "\(prefix) \(place.text)"
    }
}

/// The path of the JSON value in work, as `$.accounts[*].iban`: member names as they leave, so that a name which is
/// itself a regulated value is not in it. Elements of an array are not told apart.
struct DocumentPlace {
    /// Of one name, and of the whole path where it is told.
    private static let longestName = 128
    private static let longestText = 512

    private var path = [UInt8(ascii: "$")]
    /// Where the last member's name starts.
    private var memberStart = 1
    /// Of the arrays and objects that are open: the length of the path outside, and where its last name started.
    private var outside: [(path: Int, memberStart: Int)] = []

    mutating func restart() {
        path.removeLast(path.count - 1)
        memberStart = 1
        outside.removeAll(keepingCapacity: true)
    }

    mutating func member(_ name: some Collection<UInt8>) {
        path.removeLast(path.count - memberStart)
        path.append(UInt8(ascii: "."))
        path.append(contentsOf: name.prefix(Self.longestName))
    }

    mutating func open(isArray: Bool) {
        outside.append((path.count, memberStart))
        if isArray { path.append(contentsOf: "[*]".utf8) }
        memberStart = path.count
    }

    mutating func close() {
        guard let last = outside.popLast() else { return }
        path.removeLast(path.count - last.path)
        memberStart = last.memberStart
    }

    var text: String {
        let shown = String(decoding: path.prefix(Self.longestText), as: UTF8.self)
        return path.count > Self.longestText ? "\(shown)…" : shown
    }
}
