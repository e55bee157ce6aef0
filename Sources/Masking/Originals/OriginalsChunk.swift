/// Masked values in the clear, as they are handed over to be sealed.
public struct OriginalsChunk {
    /// One `OriginalsRecord` behind the other. Only there until who is given the chunk returns.
    public let bytes: UnsafeRawBufferPointer
    /// The fields that the records name, and how many values of each end here.
    public let fields: [(field: OriginalsField, values: Int)]
}

/// Where masked values stood, and the rule that took them.
public struct OriginalsField: Sendable, Hashable {
    /// A column (`public.customers.ssn`, or as the statement calls it), a place in a document (`$.cards[*].number`), the
    /// two of them, or `text`.
    public let name: String
    /// `ruleset/rule`, and what it selects: as in `MaskCount`.
    public let rule: String
    public let selector: String
    public let encoding: OriginalsEncoding

    public init(name: String, rule: String, selector: String, encoding: OriginalsEncoding) {
        self.name = name
        self.rule = rule
        self.selector = selector
        self.encoding = encoding
    }
}

/// How the bytes of a value are to be read.
public enum OriginalsEncoding: String, Sendable, Hashable {
    /// As the protocol writes it for people: of strings in JSON what they mean, without escapes.
    case text
    /// JSON: a number, `true`, `false`, an array or an object.
    case json
    /// A whole number in two's complement, big-endian (PostgreSQL's binary format).
    case integer
    /// IEEE 754, big-endian (the same).
    case float
    /// Neither text nor any of these: as the protocol carries it.
    case bytes
}

/// The columns of one result, whose fields keep their numbers in a chunk. What changes stands behind pointers, as in
/// `OriginalsTap`.
public final class OriginalsColumns {
    public struct Column: Sendable, Hashable {
        public var name: String
        public var encoding: OriginalsEncoding

        public init(name: String, encoding: OriginalsEncoding) {
            self.name = name
            self.encoding = encoding
        }
    }

    let columns: [Column]
    private let rules: [(name: String, selector: String)]
    let slots: Slots

    /// The numbers that fields have in the chunk of one generation.
    struct Slots {
        private let numbers: UnsafeMutableBufferPointer<UInt16>
        private let generation: UnsafeMutablePointer<Int>
        private let rules: Int
        private static let unknown = UInt16.max

        init(columns: Int, rules: Int) {
            self.rules = rules
            numbers = .allocate(capacity: columns * rules)
            numbers.initialize(repeating: Self.unknown)
            generation = .allocate(capacity: 1)
            generation.initialize(to: -1)
        }

        func deallocate() {
            numbers.deallocate()
            generation.deallocate()
        }

        /// `nil` where it has none yet.
        @inline(__always)
        func slot(column: Int, rule: Int, in generation: Int) -> UInt16? {
            guard generation == self.generation.pointee else { return nil }
            let slot = numbers[column &* rules &+ rule]
            return slot == Self.unknown ? nil : slot
        }

        func set(_ slot: UInt16, column: Int, rule: Int, in generation: Int) {
            if generation != self.generation.pointee {
                numbers.update(repeating: Self.unknown)
                self.generation.pointee = generation
            }
            numbers[column * rules + rule] = slot
        }
    }

    /// - Parameter rules: The plan's, and one more for what could not be inspected.
    init(_ columns: [Column], rules: [(name: String, selector: String)]) {
        self.columns = columns
        self.rules = rules
        slots = Slots(columns: columns.count, rules: rules.count)
    }

    deinit { slots.deallocate() }

    func field(column: Int, rule: Int) -> OriginalsField {
        OriginalsField(
            name: columns[column].name, rule: rules[rule].name, selector: rules[rule].selector,
            encoding: columns[column].encoding)
    }
}
