import Identifiers

/// How a recorded session looked, as text in time: what a terminal shows one step after the other.
public enum Replay {
    /// Text, and how long to wait before it appears.
    public struct Step: Sendable, Equatable {
        public let delay: Duration
        public let text: String

        public init(delay: Duration, text: String) {
            self.delay = delay
            self.text = text
        }
    }

    /// How a recording is played.
    public struct Options: Sendable {
        /// 1 as it was, 4 four times as fast.
        public var speed: Double
        /// Longer silences are shortened to this, after `speed`; `nil` keeps them.
        public var longestDelay: Duration?
        /// Starts at this time of the session: what was before appears at once.
        public var from: Duration

        public init(speed: Double = 1, longestDelay: Duration? = .seconds(3), from: Duration = .zero) {
            self.speed = speed
            self.longestDelay = longestDelay
            self.from = from
        }
    }

    /// The steps of `events`, which are in the order of their offsets.
    public static func steps(_ events: some Sequence<RecordingEvent>, options: Options = Options()) -> [Step] {
        var renderer = Renderer(options: options)
        return events.map { renderer.step($0) }
    }

    /// How long to wait before what happened at a time is shown.
    public struct Pace: Sendable {
        private let options: Options
        private var last: UInt64 = 0

        public init(_ options: Options) { self.options = options }

        /// - Parameter time: Since the beginning. A time before the last one waits for nothing.
        public mutating func delay(until time: Duration) -> Duration {
            let time = time.elapsedMicroseconds
            let from = max(last, options.from.elapsedMicroseconds)
            let silence = Duration.microseconds(Int64(clamping: time > from ? time - from : 0))
            last = max(last, time)
            let delay = silence / max(options.speed, 0.001)
            return options.longestDelay.map { min(delay, $0) } ?? delay
        }
    }

    /// Makes the steps one at a time, for a recording that is too long to hold.
    public struct Renderer: Sendable {
        private var pace: Pace

        public init(options: Options = Options()) { pace = Pace(options) }

        public mutating func step(_ event: RecordingEvent) -> Step {
            Step(delay: pace.delay(until: .milliseconds(Int64(clamping: event.offset))), text: Self.text(event))
        }

        static func text(of event: RecordingEvent) -> String { text(event) }

        private static func text(_ event: RecordingEvent) -> String {
            let mark =
                switch event.kind {
                case .request: "→"
                case .response: "←"
                case .note: "•"
                }
            var lines = event.head.map { field in
                "\(mark) \(field.name.printable(onOneLine: true))\(field.name.isEmpty ? "" : ": ")"
                    + field.value.printable(onOneLine: true)
            }
            if lines.isEmpty { lines.append("\(mark) \(event.kind.rawValue)") }
            var text = "[\(clock(event.offset))] " + lines.joined(separator: "\n            ") + "\n"
            text += event.body.quotedLines
            if event.isTruncated { text += "… (cut here when it was recorded)\n" }
            return text
        }

        /// `mm:ss.mmm`, with hours before it when there are any.
        static func clock(_ milliseconds: UInt64) -> String {
            func padded(_ value: UInt64, _ digits: Int) -> String {
                let text = String(value)
                return String(repeating: "0", count: max(0, digits - text.count)) + text
            }
            let seconds = milliseconds / 1000
            let hours = seconds >= 3600 ? "\(seconds / 3600):" : ""
            return
                "\(hours)\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(milliseconds % 1000, 3))"
        }
    }
}
