/// The journals' records that the state does not count as integrated, read without the gateway's help.
struct PendingJournals {
    let paths: LogPaths
    let files: FileOperations

    struct Findings: Sendable, Equatable {
        /// How far the tree goes for the gateway; `nil` in a mirror of the public files.
        var state: LogState?
        var entries: UInt64 = 0
        /// Journals that end within a record: torn by the end of a process, or being written just now.
        var unfinished: [String] = []
        /// The file, and where in it the damaged record stands.
        var damaged: [(path: String, offset: UInt64)] = []

        static func == (a: Findings, b: Findings) -> Bool {
            a.state == b.state && a.entries == b.entries && a.unfinished == b.unfinished
                && a.damaged.elementsEqual(b.damaged) { $0 == $1 }
        }
    }

    /// Gives each pending entry to `body`. Without a state (a mirror of the public files) there are none.
    @discardableResult
    func read(_ body: (UnsafeRawBufferPointer) -> Void) throws(AuditError) -> Findings {
        var findings = Findings()
        guard let bytes = try files.contents(of: paths.state) else { return findings }
        let state = try LogState(parsing: bytes, path: paths.state)
        findings.state = state
        for file in try files.names(in: paths.journals) {
            guard let (name, generation) = JournalName.parse(file) else { continue }
            var cursor = JournalCursor(generation: generation)
            if let known = state.cursors[name] {
                if generation < known.generation { continue }
                if generation == known.generation { cursor = known }
            }
            // The sequencer may have consumed and removed the file since the listing.
            guard
                var scanner = try JournalScanner(name: name, cursor: cursor, directory: paths.journals, files: files)
            else { continue }
            let extent = try scanner.whole()
            scan: while true {
                switch try scanner.next(extent) {
                case .record(let entry):
                    findings.entries += 1
                    body(entry)
                case .end: break scan
                case .invalid:
                    let offset = scanner.cursor.offset
                    if try scanner.recordFollows() {
                        findings.damaged.append((".state/journals/\(file)", offset))
                    } else {
                        findings.unfinished.append(".state/journals/\(file)")
                    }
                    break scan
                }
            }
        }
        return findings
    }
}
