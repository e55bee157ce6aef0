import NIOCore

// Tables, views and functions that the session changes, as long as others may see them as they were or as they will be.
extension Relay {
    /// A statement is about to be sent.
    ///
    /// - Returns: Whether it may be: not while another session's statement has yet to run that was judged by what this
    ///   one changes.
    func definitionsBegin(_ judged: JudgedStatement) -> Bool {
        guard judged.statement?.mayChangeDefinitions ?? judged.isOpaque else { return true }
        if let statement = judged.statement, !place.catalog.changesBegin(session.id, statement.definitions) {
            return false
        }
        hasUncommittedDefinitions = true
        return true
    }

    /// Nothing that was sent changes definitions any more.
    func definitionsEnd() {
        guard hasUncommittedDefinitions else { return }
        hasUncommittedDefinitions = false
        place.catalog.changesEnd(session.id)
    }

    /// The session is over, and the server is yet to end what it runs: by the cancel request, or as it finds nobody to
    /// answer to.
    func definitionsEndElsewhere() {
        let (catalog, id) = (place.catalog, session.id)
        services.eventLoop.scheduleTask(in: .seconds(5)) { catalog.changesEnd(id) }
    }
}
