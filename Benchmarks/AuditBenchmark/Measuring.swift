import Audit
import Foundation
import Identifiers
import Logging
import StrictJSON

/// How long `body` takes, in seconds.
func timed(_ body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    return elapsed.fractionalSeconds
}

/// Runs `body` on `writers` threads at once, `count` times in all, and returns how often a second.
func rate(
    _ writers: Int, count: Int, _ body: @Sendable @escaping (_ writer: Int, _ times: Int) -> Void
) -> Double {
    let times = max(1, count / writers)
    let done = DispatchGroup()
    let elapsed = timed {
        for writer in 0..<writers {
            done.enter()
            // Threads and not a queue's: there are to be as many as writers, also when they wait.
            Thread.detachNewThread {
                body(writer, times)
                done.leave()
            }
        }
        done.wait()
    }
    return Double(times * writers) / elapsed
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// A folder under the system's temporary one, removed with this object.
final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("audit-bench-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func options(_ durability: Durability, files: FileOperations = .system) -> AuditOptions {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return AuditOptions(
            directory: "\(path)/log", origin: "bench.example/log", keyPath: "\(path)/key", durability: durability,
            fileOperations: files, logger: logger)
    }
}

extension Folder {
    /// Makes a log of `count` entries, integrated in batches, without waiting for the disk.
    func fill(_ count: Int, _ entry: (_ number: Int) -> [UInt8]) throws {
        var files = FileOperations.system
        files.synchronize = { _ in }
        files.synchronizeData = { _ in }
        let log = try AuditLog(options(.process, files: files))
        let journal = try log.openJournal("fill")
        for number in 0..<count {
            try journal.append(entry(number))
            if number % 65_536 == 65_535 { try log.integrateNow() }
        }
        try log.integrateNow()
    }
}

/// Entries as a gateway writes them, of one length, each with a number of its own.
struct EntryMaker {
    private(set) var bytes: [UInt8]
    private let digits: Range<Int>

    init() {
        let head = #"{"command":{"action":"pg.select","text":""#
        let text = head + "SELECT name, balance FROM accounts WHERE id = $1 " + String(repeating: "-", count: 300)
        let number = text + #""},"id":"01a20951-1f72-78d0-9a0e-b2083fb9e513","kind":"intent","number":"#
        let whole = number + #"100000000,"session":"01a20951-1f72-7000-8000-000000000001","target":"payments"}"#
        bytes = Array(whole.utf8)
        digits = number.utf8.count..<(number.utf8.count + 9)
    }

    /// Gives the entry this number, below 900 million.
    mutating func set(_ number: Int) {
        var rest = number + 100_000_000
        for place in digits.reversed() {
            bytes[place] = UInt8(48 + rest % 10)
            rest /= 10
        }
    }
}

/// What was measured, for the table and the file.
struct Results {
    private var rows: [JSONValue] = []

    static func heading(_ title: String, _ ours: String, _ peer: String) {
        print(
            "\n" + title.padding(toLength: 48, withPad: " ", startingAt: 0)
                + "\(left(ours, 14))  \(left(peer, 26))   ratio")
    }

    /// - Parameter peer: What the machine does, in the same unit.
    mutating func add(
        _ name: String, _ ours: Double, _ peer: Double? = nil, unit: String, peerName: String = "", note: String = ""
    ) {
        let ratio = peer.map { String(format: "%7.2f", ours / $0) } ?? ""
        print(
            name.padding(toLength: 48, withPad: " ", startingAt: 0)
                + "\(Self.left(Self.number(ours), 14))  \(Self.left(peer.map { Self.number($0) } ?? "", 26)) \(ratio)  \(note)"
        )
        var row: [(String, JSONValue)] = [
            ("case", .string(name)), ("unit", .string(unit)), ("ours", .number(String(format: "%.3f", ours))),
        ]
        if let peer {
            row.append(("peer", .number(String(format: "%.3f", peer))))
            row.append(("peer_name", .string(peerName)))
            row.append(("ratio", .number(String(format: "%.4f", ours / peer))))
        }
        if !note.isEmpty { row.append(("note", .string(note))) }
        rows.append(.object(row.map { JSONMember($0.0, $0.1) }))
    }

    func write(_ name: String, to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(JSONValue.array(rows).canonicalBytes).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
    }

    private static func left(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func number(_ value: Double) -> String {
        value >= 100 ? String(format: "%.0f", value) : String(format: "%.2f", value)
    }
}
