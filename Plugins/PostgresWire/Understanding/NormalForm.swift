import Foundation
import Identifiers

extension String {
    /// Whether this is the one text among those that are canonically equivalent to it which is in Unicode's normal form C.
    ///
    /// Of two such texts `==` says what PostgreSQL says, which compares bytes: names that are in this form can be told
    /// apart, looked up and kept in sets. With other names a statement is not read.
    var isInNormalForm: Bool {
        utf8.allSatisfy { $0 < 0x80 } || isExactly(precomposedStringWithCanonicalMapping)
    }
}

extension ParseNode {
    /// Whether all names in it are in normal form C; constants may be in any.
    var hasNormalNames: Bool {
        if kind == "AConst" { return true }
        return texts.allSatisfy(\.isInNormalForm) && children.allSatisfy(\.hasNormalNames)
    }
}
