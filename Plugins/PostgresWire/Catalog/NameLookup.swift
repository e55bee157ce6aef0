/// How the server finds what the names of a statement without a schema mean.
struct NameLookup {
    /// The schemas where it looks, in order; `nil` where that is not certain.
    let path: [String]?
    /// It may have looked before: what a schema got since that hides a table of a later one does not count then.
    var isPast = false
}
