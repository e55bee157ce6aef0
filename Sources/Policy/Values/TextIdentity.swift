/// Byte-exact identity of texts.
///
/// `String.==` compares by canonical equivalence: "é" equals "e" with a combining accent, and U+212A KELVIN SIGN equals
/// "K". Cedar compares code points, and so must a gateway: two subjects that the identity provider tells apart must
/// not be one person to the policy.
@inline(__always)
func identical(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    let fast = left.utf8.withContiguousStorageIfAvailable { leftBytes in
        right.utf8.withContiguousStorageIfAvailable { rightBytes in
            identical(UnsafeRawBufferPointer(leftBytes), UnsafeRawBufferPointer(rightBytes))
        }
    }
    if let fast, let fast { return fast }
    return left.utf8.elementsEqual(right.utf8)
}

/// Compares as many bytes on the right as stand on the left, eight at a time.
private func identical(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset + 8 <= left.count {
        let word = left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        if word != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) { return false }
        offset += 8
    }
    while offset < left.count {
        if left[offset] != right[offset] { return false }
        offset += 1
    }
    return true
}

/// Feeds the bytes of `text` to `hasher`, so that hashing agrees with `identical`.
@inline(__always)
func hashBytes(of text: String, into hasher: inout Hasher) {
    let fast: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if fast == nil {
        for byte in text.utf8 { hasher.combine(byte) }
    }
    hasher.combine(UInt8(0xff))
}

extension Dictionary where Key == String {
    /// The value under exactly `name`; a key that is only canonically equivalent is another name.
    @inline(__always)
    subscript(exactly name: String) -> Value? {
        guard let index = index(forKey: name) else { return nil }
        let entry = self[index]
        return identical(entry.key, name) ? entry.value : nil
    }

    @inline(__always)
    func contains(exactly name: String) -> Bool {
        guard let index = index(forKey: name) else { return false }
        return identical(self[index].key, name)
    }
}
