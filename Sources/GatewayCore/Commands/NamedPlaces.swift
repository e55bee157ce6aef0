/// Values of a command whose meaning shows by where they stand, and no name beside them: what `INSERT INTO c (ssn)
/// VALUES ('…')` puts into a column, or a numbered parameter that is compared with one.
///
/// Not part of the digest: the values are, in the text and the parameters.
public struct NamedPlaces: Sendable, Hashable {
    /// What they can be values of; empty where that cannot be known, so that it may be anything.
    public var names: Set<String>
    /// Where they stand in the command's text, in bytes of UTF-8: whole literals, in order, none within another.
    public var text: [Range<Int>]
    /// Which of the command's parameters they are, counted from zero.
    public var parameters: [Int]

    public init(names: Set<String>, text: [Range<Int>] = [], parameters: [Int] = []) {
        self.names = names
        self.text = text
        self.parameters = parameters
    }
}
