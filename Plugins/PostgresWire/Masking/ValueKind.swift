/// How the values of a type are written, as far as masking has to know it.
///
/// Types are named by their OIDs in `pg_type.dat`, which are the same in every server.
indirect enum ValueKind: Hashable, Sendable {
    /// Text as it is, in both formats.
    case text
    /// A document: `json` and `jsonb`, whose binary form has a version before the text.
    case json(isVersioned: Bool)
    /// A whole number of so many bytes.
    case integer(Int)
    case float(Int)
    case numeric
    case bytea
    /// What it holds cannot have the form that a detector looks for: dates, times, truth values, numbers of rows.
    case plain
    case array(ValueKind)
    /// Nothing is known of it.
    case other

    /// `nil` for a type that is not built in.
    init?(oid: UInt32) {
        if let element = Self.elements[oid] {
            guard let kind = ValueKind(oid: element) else { return nil }
            self = .array(kind)
            return
        }
        switch oid {
        // bpchar, char, name, text, unknown, varchar, xml, cstring
        case 1042, 18, 19, 25, 705, 1043, 142, 2275: self = .text
        case 114: self = .json(isVersioned: false)
        case 3802: self = .json(isVersioned: true)
        case 21: self = .integer(2)
        case 23: self = .integer(4)
        case 20: self = .integer(8)
        case 700: self = .float(4)
        case 701: self = .float(8)
        case 1700: self = .numeric
        case 17: self = .bytea
        // bool; date, time, timestamp, timestamptz, interval, timetz; uuid; oid, xid, cid, xid8, tid, pg_lsn and the
        // reg… types; inet, cidr, macaddr, macaddr8; void
        case 16, 1082, 1083, 1114, 1184, 1186, 1266, 2950, 26, 28, 29, 5069, 27, 3220, 24, 2202, 2203, 2204, 2205, 2206,
            4089, 4096, 4191, 3734, 3769, 869, 650, 829, 774, 2278:
            self = .plain
        // The geometric types, bit strings, ranges, text search and all others with a fixed number.
        case ..<16384: self = .other
        default: return nil
        }
    }

    /// The element's type by the array's.
    private static let elements: [UInt32: UInt32] = [
        1000: 16, 1001: 17, 1002: 18, 1003: 19, 1005: 21, 1007: 23, 1009: 25, 1014: 1042, 1015: 1043, 1016: 20,
        1021: 700, 1022: 701, 1028: 26, 1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184, 1187: 1186, 1231: 1700,
        1270: 1266, 199: 114, 3807: 3802, 2951: 2950, 143: 142, 1041: 869, 651: 650, 1040: 829,
    ]
}
