import Synchronization

/// What a sink does, for metrics and for people.
public struct SinkReport: Sendable, Equatable {
    public let name: String
    /// `file`, `syslog`, `https` or `s3`.
    public let type: String
    /// Entries of the signed log that the sink has not taken yet: the back-pressure.
    public var waiting: UInt64 = 0
    /// Since the start of the gateway; entries that are delivered twice count twice.
    public var delivered: UInt64 = 0
    /// Attempts that failed since the start.
    public var failures: UInt64 = 0
    /// Why the last attempt failed; `nil` when it did not.
    public var problem: String?

    init(name: String, type: String) {
        self.name = name
        self.type = type
    }
}

/// A report that its sink keeps up to date and others read.
public final class SinkStatus: Sendable {
    private let report: Mutex<SinkReport>

    init(name: String, type: String) { report = Mutex(SinkReport(name: name, type: type)) }

    public var current: SinkReport { report.withLock { $0 } }

    func change(_ body: (inout SinkReport) -> Void) { report.withLock { body(&$0) } }
}

extension [SinkReport] {
    /// The reports in the text format that Prometheus reads (exposition format 0.0.4).
    public var metrics: String {
        func family(_ name: String, _ type: String, _ help: String, _ value: (SinkReport) -> UInt64) -> String {
            let lines = map { "\(name){sink=\"\($0.name)\",type=\"\($0.type)\"} \(value($0))\n" }
            return "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(lines.joined())"
        }
        return family(
            "sallyport_sink_waiting_entries", "gauge", "Entries of the signed log that the sink has not taken yet."
        ) { $0.waiting }
            + family("sallyport_sink_delivered_entries_total", "counter", "Entries that the sink has taken.") {
                $0.delivered
            }
            + family("sallyport_sink_failures_total", "counter", "Attempts to deliver that failed.") { $0.failures }
            + family("sallyport_sink_up", "gauge", "Whether the last attempt to deliver succeeded.") {
                $0.problem == nil ? 1 : 0
            }
    }
}
