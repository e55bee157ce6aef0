/// What all connections of the adapter share, on every event loop.
final class SSHServices: Sendable {
    private let targets: [String: SSHTarget]
    let failures = FailureLimiter()
    let browserSignIns = BrowserSignIns()

    init(targets: [SSHTarget]) {
        self.targets = Dictionary(uniqueKeysWithValues: targets.map { ($0.target.name, $0) })
    }

    /// The target and login that a client means by its user name: `target`, or `login+target`.
    func route(_ name: String) -> (target: SSHTarget, login: String)? {
        if let target = target(name) { return (target, target.login) }
        guard let plus = name.utf8.lastIndex(of: UInt8(ascii: "+")) else { return nil }
        let login = String(name[..<plus])
        guard let target = target(String(name[name.utf8.index(after: plus)...])), !login.isEmpty,
            target.takes(login: login)
        else { return nil }
        return (target, login)
    }

    /// A dictionary would take texts for equal that only look so.
    private func target(_ name: String) -> SSHTarget? {
        targets[name].flatMap { $0.target.name.utf8.elementsEqual(name.utf8) ? $0 : nil }
    }
}
