/// What a POSIX shell would run, as far as it can be known without running it.
///
/// A login shell may be sh, dash, bash, zsh or ksh. What they read differently is opaque. So is what depends on the
/// host in ways that a command line does not show is out of sight: its start-up files, its aliases, its links.
struct ShellScript: Sendable, Equatable {
    /// In the order of the text, with those that stand in subshells, functions, substitutions and arguments of others.
    /// One that runs another, as `sudo rm`, is there as well as the one it runs.
    var commands: [SimpleCommand] = []
    /// Why not all of it is known; empty where it is.
    var opacity: [ShellOpacity] = []

    var isOpaque: Bool { !opacity.isEmpty }
}

/// XCU 2.9.1: one program or built-in utility with its arguments.
struct SimpleCommand: Sendable, Equatable {
    /// The last part of `path`; `unknownName` where it is not known.
    var name: String
    /// The command's first word after quote removal, or its source where that is not known.
    var path: String
    /// Whether `path` is what runs, and not the source of what it is made from.
    var isPathKnown = true
    /// Those that follow the name.
    var arguments: [ShellWord] = []
    /// Variables that are set for it.
    var assignments: [ShellAssignment] = []
    /// Files that the shell opens for it, and those opened for the compound command that it is the first of.
    /// Files that are opened for nothing (`> file`) belong to a command `:`, which does the same; zsh
    /// runs cat there.
    var redirections: [ShellRedirection] = []
    /// The commands that run it, outermost first: `["sudo", "env"]`.
    var wrappers: [String] = []

    static let unknownName = "?"
}

struct ShellWord: Sendable, Equatable {
    /// The text after quote removal where it is known, the source where not.
    var text: String
    /// Whether the command gets this text and no other.
    var isKnown: Bool
    /// Whether it is not known, and may become a word that begins with `-`, or several words.
    var mayBeOption = false
}

struct ShellAssignment: Sendable, Equatable {
    var name: String
    var value: ShellWord
}

/// A file that the shell opens. Here-documents and duplicated descriptors open none.
struct ShellRedirection: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case read, write, append, readWrite
    }

    var kind: Kind
    var file: ShellWord

    /// The adapter's actions that it is.
    var actions: [String] {
        switch kind {
        case .read: ["ssh.read"]
        case .write, .append: ["ssh.write"]
        case .readWrite: ["ssh.read", "ssh.write"]
        }
    }
}
