/// The number of an entity, or of a type, that the graph or a policy names.
typealias Symbol = UInt32

/// Numbers entity names, so that a decision compares integers.
///
/// Open addressing with linear probing over names compared by bytes. Only what configuration and policies name is put
/// in, so a caller cannot choose keys that collide; the fast hash without a secret is sound for that reason.
struct SymbolTable: Sendable {
    private(set) var names: [EntityUID] = []
    private var hashes: [UInt64] = []
    /// Symbol plus one, 0 for a free slot; a power of two long and at most half full.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)

    var count: Int { names.count }

    subscript(symbol: Symbol) -> EntityUID { names[Int(symbol)] }

    /// The symbol of `name`, made when it is new.
    mutating func intern(_ name: EntityUID) -> Symbol {
        if let symbol = find(name) { return symbol }
        if (names.count + 1) * 2 > slots.count { grow() }
        let hash = Self.hash(name)
        names.append(name)
        hashes.append(hash)
        place(UInt32(names.count), hash)
        return Symbol(names.count - 1)
    }

    func find(_ name: EntityUID) -> Symbol? {
        let hash = Self.hash(name)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return nil }
            let index = Int(entry - 1)
            if hashes[index] == hash, names[index] == name { return Symbol(index) }
            slot = (slot + 1) & mask
        }
    }

    private mutating func place(_ entry: UInt32, _ hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, hash) in hashes.enumerated() { place(UInt32(index + 1), hash) }
    }

    @inline(__always)
    private static func hash(_ name: EntityUID) -> UInt64 {
        let seed = mix(0x9e37_79b9_7f4a_7c15, name.type)
        let hash = mix(seed ^ 0xff, name.id)
        return hash ^ hash >> 32
    }

    /// Eight bytes a step, each folded in by a 64×64→128 bit multiplication.
    @inline(__always)
    private static func mix(_ seed: UInt64, _ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { bytes in
            var hash = seed ^ UInt64(truncatingIfNeeded: bytes.count)
            let raw = UnsafeRawBufferPointer(bytes)
            var offset = 0
            while offset + 8 <= raw.count {
                hash = fold(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var rest: UInt64 = 0
            while offset < raw.count {
                rest = rest << 8 | UInt64(raw[offset])
                offset += 1
            }
            return fold(hash ^ rest)
        }
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        return high ^ low
    }
}
