/// How much a text may hold of what receivers differ in, or have no room for.
public struct JSONLimits: Sendable, Hashable {
    /// Arrays and objects that may be open at once; 1,024 are the most, because a `JSONValue` is freed by recursion.
    public var depth: Int
    /// Whether strings and names may hold `\u0000`.
    public var takesNUL: Bool

    public init(depth: Int, takesNUL: Bool = false) {
        self.depth = depth
        self.takesNUL = takesNUL
    }

    /// For what others send.
    public static let strict = JSONLimits(depth: 128)

    /// For what this program itself wrote: entries of the log, recordings, and answers of the console that hold them.
    ///
    /// They tell what others sent, so they hold whatever that may: a command of bytes with a NUL among them, and a body as
    /// deep as one may be, some levels further down. What could be written must be readable, or a caller decides what an
    /// examiner gets to see.
    public static let ownRecord = JSONLimits(depth: 512, takesNUL: true)
}
