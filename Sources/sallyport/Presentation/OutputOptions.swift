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
        case .text: StandardStreams.print("\(try text())\n")
        case .json: StandardStreams.print("\(JSONText.indented(try value()))\n")
        }
    }
}
