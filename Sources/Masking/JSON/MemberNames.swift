/// What a plan makes of a member's name.
struct NameMeaning {
    /// The strictest field rule that the name matches.
    var rule: RuleIndex
    /// The name's id in the plan's paths; -1 if they do not have it.
    var pathID: Int16
    /// What the name says by itself, and what it says under a speaking name.
    var context: ScanContext
    var inheritsContext: Bool
}

/// Looks names up in a plan. In a long answer the same names come again and again, so that recent ones are kept there.
struct NameLookup {
    private struct Entry {
        var hash: UInt64 = 0
        var length = -1
        var meaning = NameMeaning(rule: noRule, pathID: -1, context: [], inheritsContext: false)
    }

    private let plan: CompiledPlan
    private let pathNames: [[UInt8]: Int16]
    /// Empty in a short answer: to set them up would cost more than it saves.
    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private var lookUps = 0

    private static let lookUpsWithoutKeeping = 24
    private static let slots = 256
    private static let longestKept = 32

    init(plan: CompiledPlan) {
        self.plan = plan
        let names = plan.paths?.names ?? []
        pathNames = Dictionary(
            uniqueKeysWithValues: names.enumerated().map { (Array($0.element.utf8), Int16($0.offset)) })
    }

    /// - Parameter hash: the name's `NameHash`.
    mutating func meaning(of name: UnsafeRawBufferPointer, hash: UInt64) -> NameMeaning {
        if entries.isEmpty {
            lookUps += 1
            if lookUps <= Self.lookUpsWithoutKeeping { return lookUp(name) }
            entries = Array(repeating: Entry(), count: Self.slots)
            bytes = Array(repeating: 0, count: Self.slots * Self.longestKept)
        }
        let slot = Int(truncatingIfNeeded: hash) & (Self.slots - 1)
        if entries[slot].hash == hash, entries[slot].length == name.count {
            // Names decide about masking, so that equal hashes are not taken on trust.
            let isSame = bytes.withUnsafeBytes { kept in
                let start = slot * Self.longestKept
                for index in 0..<name.count where kept[start + index] != name[index] { return false }
                return true
            }
            if isSame { return entries[slot].meaning }
        }
        let meaning = lookUp(name)
        if name.count <= Self.longestKept {
            entries[slot] = Entry(hash: hash, length: name.count, meaning: meaning)
            for index in 0..<name.count { bytes[slot * Self.longestKept + index] = name[index] }
        }
        return meaning
    }

    private func lookUp(_ name: UnsafeRawBufferPointer) -> NameMeaning {
        var rule = noRule
        for field in plan.fields where field.rule < rule && field.pattern.matches(name) { rule = field.rule }
        let (context, isNeutral) = plan.hasDetectors ? ScanContext.name(name) : ([], false)
        return NameMeaning(
            rule: rule, pathID: pathNames.isEmpty ? -1 : pathNames[Array(name)] ?? -1, context: context,
            inheritsContext: isNeutral)
    }
}

/// A 64-bit hash of names, seeded anew in each process so that nobody can choose names that collide.
enum NameHash {
    private static let seed = UInt64.random(in: .min ... .max)

    static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: name.count)
        var index = 0
        while index &+ 8 <= name.count {
            hash = mix(hash ^ name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < name.count {
            rest = rest << 8 | UInt64(name[index])
            index &+= 1
        }
        return mix(mix(hash ^ rest))
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = (value ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        return high ^ low
    }
}

/// The names of the objects that are open, by hash, to find duplicates.
struct NamesInUse {
    private var hashes: [UInt64] = []
    private var sets: [Set<UInt64>] = []

    /// Where an object's names start.
    struct Mark {
        fileprivate var start: Int
        fileprivate var set = -1
    }

    /// Names of one object that are compared one by one.
    private static let fewNames = 24
    /// Names that are kept in all. In objects beyond it duplicates are no longer looked for: each value is masked by
    /// its own name in any case, and memory has a bound.
    static let mostNames = 1 << 17

    private var setCount = 0

    var byteCount: Int { hashes.count * 8 + setCount * 16 }

    func mark() -> Mark { Mark(start: hashes.count) }

    /// Adds a name of the innermost open object; `false` if it has it.
    mutating func insert(_ hash: UInt64, _ mark: inout Mark) -> Bool {
        if mark.set >= 0 {
            guard setCount < Self.mostNames else { return !sets[mark.set].contains(hash) }
            setCount += 1
            return sets[mark.set].insert(hash).inserted
        }
        var index = mark.start
        while index < hashes.count {
            if hashes[index] == hash { return false }
            index &+= 1
        }
        if hashes.count - mark.start == Self.fewNames {
            mark.set = sets.count
            sets.append(Set(hashes[mark.start...]))
            sets[mark.set].insert(hash)
            setCount += Self.fewNames + 1
        } else {
            hashes.append(hash)
        }
        return true
    }

    mutating func remove(_ mark: Mark) {
        hashes.removeLast(hashes.count - mark.start)
        if mark.set >= 0 { setCount -= sets.removeLast().count }
    }
}
