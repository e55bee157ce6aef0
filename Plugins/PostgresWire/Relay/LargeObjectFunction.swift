/// The functions that libpq's large-object calls use, by the OIDs that PostgreSQL fixes for them (`pg_proc.dat`).
enum LargeObjectFunction: String {
    case open = "lo_open"
    case close = "lo_close"
    case creat = "lo_creat"
    case create = "lo_create"
    case unlink = "lo_unlink"
    case read = "loread"
    case write = "lowrite"
    case seek = "lo_lseek"
    case seek64 = "lo_lseek64"
    case tell = "lo_tell"
    case tell64 = "lo_tell64"
    case truncate = "lo_truncate"
    case truncate64 = "lo_truncate64"

    init?(_ functionOID: UInt32) {
        switch functionOID {
        case 952: self = .open
        case 953: self = .close
        case 954: self = .read
        case 955: self = .write
        case 956: self = .seek
        case 957: self = .creat
        case 958: self = .tell
        case 964: self = .unlink
        case 715: self = .create
        case 1004: self = .truncate
        case 3170: self = .seek64
        case 3171: self = .tell64
        case 3172: self = .truncate64
        default: return nil
        }
    }

    /// Whether its result holds stored bytes.
    var returnsData: Bool { self == .read }
}
