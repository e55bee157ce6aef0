/// Classes of bytes that HTTP's grammar names, as bit sets over ASCII.
extension UInt8 {
    /// `tchar` (RFC 9110 section 5.6.2): what methods and field names are made of.
    @inline(__always)
    var isTokenCharacter: Bool { isIn(low: 0x3ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe) }

    /// `pchar`, `/` and `%` (RFC 3986 section 3.3): what a path is made of.
    @inline(__always)
    var isPathCharacter: Bool { isIn(low: 0x2fff_fff2_0000_0000, high: 0x47ff_fffe_87ff_ffff) }

    /// Visible ASCII without `#`: what a query is allowed to hold here. Wider than RFC 3986, because brackets and bars
    /// are sent unescaped by common callers and read alike by all receivers.
    @inline(__always)
    var isQueryCharacter: Bool { self > 0x20 && self < 0x7f && self != UInt8(ascii: "#") }

    /// `field-vchar`, space and tab (RFC 9110 section 5.5).
    @inline(__always)
    var isFieldValueCharacter: Bool { self >= 0x20 ? self != 0x7f : self == 0x09 }

    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }

    @inline(__always)
    var isWhiteSpace: Bool { self == 0x20 || self == 0x09 }

    /// The value of a hexadecimal digit.
    @inline(__always)
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self &- 0x30
        case 0x41...0x46: self &- 0x37
        case 0x61...0x66: self &- 0x57
        default: nil
        }
    }

    @inline(__always)
    private func isIn(low: UInt64, high: UInt64) -> Bool {
        if self < 64 { return low >> UInt64(self) & 1 == 1 }
        return self < 128 && high >> UInt64(self &- 64) & 1 == 1
    }
}
