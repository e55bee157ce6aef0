import ArgumentParser
import StrictJSON

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

/// How a command prints what it found.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "text for people, json for programs.")
    var output = OutputFormat.text

    /// Prints `value` as JSON, or what `text` makes of it.
    func print(_ value: @autoclosure () throws -> JSONValue, text: () throws -> String) rethrows {
        switch output {
        case .text: Swift.print(try text())
        case .json: Swift.print(JSONText.indented(try value()))
        }
    }
}
