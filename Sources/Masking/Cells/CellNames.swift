/// What is known of the names of a result's column: what rules and detectors go by.
public struct CellNames: Sendable, Hashable {
    /// As the caller's statement calls it, which rules for fields match too.
    public var result: String?
    /// The columns that it shows or is computed from. None: a constant, or nothing is known of it.
    public var origins: [ColumnOrigin]

    public init(result: String?, origins: [ColumnOrigin] = []) {
        self.result = result
        self.origins = origins
    }

    /// What the names say about the values. An alias can only add to it: calling a card number a checksum hides nothing.
    public var surroundings: CellSurroundings {
        var union: ScanContext = []
        var isMachine = !origins.isEmpty
        for name in [result] + origins.map(\.column) {
            var name = name ?? ""
            let context = name.withUTF8 { ScanContext.name(UnsafeRawBufferPointer($0)).context }
            union.formUnion(context)
            if !context.contains(.machine) { isMachine = false }
        }
        return CellSurroundings(context: isMachine ? union : union.subtracting(.machine))
    }
}

/// What a column's names say about its values, e.g. that nine bare digits are a social security number.
public struct CellSurroundings: Sendable, Hashable {
    let context: ScanContext

    public static let none = CellSurroundings(context: [])
}

extension ScanContext: Hashable {}
