import NIOCore
import NIOPosix

// From the bytes of a query string to its statements.
extension Relay {
    enum ReadQuery {
        case empty
        case statements([SQLStatement], text: String)
        case opaque(String, reason: String)
    }

    /// Longer texts, in bytes, are read on another thread: they take milliseconds, for which no other session of this
    /// event loop should wait.
    private static let longestReadHere = 32_768

    /// Reads a query string as the server will, in the client's encoding. `body` comes at once unless the text is long;
    /// the caller's next message waits for it.
    ///
    /// - Parameter isQuery: Whether it is that of a Query message, and not of Parse.
    func read(_ bytes: ByteBuffer, isQuery: Bool, _ body: @escaping (Relay, ReadQuery) -> Void) {
        guard let text = encoding.text(of: bytes) else {
            return body(
                self,
                .opaque(
                    String(decoding: bytes.readableBytesView, as: UTF8.self),
                    reason: "the text cannot be read in the client encoding \(encoding.name)"))
        }
        // A pipeline that changes settings cannot be asked how it is read by now; plain ASCII is read alike under all.
        if isLexingStale, isPipelineOpen, text.utf8.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "\\") }) {
            return body(self, .opaque(text, reason: "settings change before it"))
        }
        guard text.utf8.count > Self.longestReadHere else {
            return body(self, ReadQuery(services.reader.read(text, settings: settings), of: text))
        }
        readElsewhere(text, isQuery, body)
    }

    private func readElsewhere(_ text: String, _ isQuery: Bool, _ body: @escaping (Relay, ReadQuery) -> Void) {
        hold = .reading
        let parsing = services.reader.parsing
        let settings = settings
        NIOThreadPool.singleton.runIfActive(eventLoop: services.eventLoop) { parsing.read(text, settings) }
            .assumeIsolated().whenComplete { [weak self] result in
                guard let self, !self.isClosed else { return }
                // What the server has said meanwhile may give the text another meaning.
                guard settings == self.settings else { return self.readElsewhere(text, isQuery, body) }
                self.hold = nil
                // An earlier message of the pipeline may have failed meanwhile; the server then skips this one too.
                if self.isCancelled {
                    self.isCancelled = false
                    self.refuse(.cancelledWhileRead, isQuery: isQuery)
                } else if !self.isServerSkipping {
                    let reading = (try? result.get()) ?? .opaque(reason: "the gateway stops")
                    body(self, ReadQuery(reading, of: text))
                }
                self.flushUpstream()
                self.pump()
                self.endIfDrained()
            }
    }
}

extension Relay.ReadQuery {
    /// Whether what it does hangs on what the names of prepared statements and cursors stand for.
    var usesNames: Bool {
        guard case .statements(let statements, _) = self else { return false }
        return statements.contains(where: \.kind.usesNames)
    }

    init(_ reading: QueryReading, of text: String) {
        switch reading {
        case .empty: self = .empty
        case .opaque(let reason): self = .opaque(text, reason: reason)
        case .statements(let statements): self = .statements(statements, text: text)
        }
    }
}
