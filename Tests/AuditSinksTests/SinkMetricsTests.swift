import Testing

@testable import AuditSinks

@Suite("Metrics of sinks")
struct SinkMetricsTests {
    @Test("a sink is up when its last attempt succeeded, and what waits, left and failed is told of each")
    func golden() {
        let archive = SinkStatus(name: "archive", type: "file")
        // What failed before and does not now is no problem.
        archive.change {
            $0.delivered = 70
            $0.failures = 1
        }
        let siem = SinkStatus(name: "siem", type: "syslog")
        siem.change {
            $0.waiting = 3
            $0.delivered = 67
            $0.failures = 2
            $0.problem = "siem.example.com:6514 cannot be reached"
        }
        #expect(
            [archive.current, siem.current].metrics == """
                # HELP sallyport_sink_waiting_entries Entries of the signed log that the sink has not taken yet.
                # TYPE sallyport_sink_waiting_entries gauge
                sallyport_sink_waiting_entries{sink="archive",type="file"} 0
                sallyport_sink_waiting_entries{sink="siem",type="syslog"} 3
                # HELP sallyport_sink_delivered_entries_total Entries that the sink has taken.
                # TYPE sallyport_sink_delivered_entries_total counter
                sallyport_sink_delivered_entries_total{sink="archive",type="file"} 70
                sallyport_sink_delivered_entries_total{sink="siem",type="syslog"} 67
                # HELP sallyport_sink_failures_total Attempts to deliver that failed.
                # TYPE sallyport_sink_failures_total counter
                sallyport_sink_failures_total{sink="archive",type="file"} 1
                sallyport_sink_failures_total{sink="siem",type="syslog"} 2
                # HELP sallyport_sink_up Whether the last attempt to deliver succeeded.
                # TYPE sallyport_sink_up gauge
                sallyport_sink_up{sink="archive",type="file"} 1
                sallyport_sink_up{sink="siem",type="syslog"} 0

                """)
    }
}
