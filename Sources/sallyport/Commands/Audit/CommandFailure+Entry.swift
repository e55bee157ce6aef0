import Audit

extension CommandFailure {
    /// What kept an entry from being had. That the log has none of that index is an answer; all else is none.
    ///
    /// - Parameter sentence: What cannot be done.
    init(_ error: AuditError, _ sentence: String) {
        guard case .outOfRange(let index, let treeSize) = error else {
            self.init("\(sentence): \(error)", status: .unavailable)
            return
        }
        self.init("the log has no entry \(index): it has \(treeSize)", status: .negative)
    }
}
