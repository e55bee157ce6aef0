import GatewayCore
import StrictJSON
import Testing

@testable import SSHExec

@Suite("Values with names in command lines")
struct NamedArgumentsTests {
    private static func command(_ line: String) -> Command {
        CommandReading(login: "root", hasTerminal: false, environment: [("ssn", "from-env")]).exec(Array(line.utf8))
    }

    @Test(
        "a value that a name stands before is found, however it is written",
        arguments: [
            "tool --ssn=W", "tool --ssn='W'", "tool \"--ssn=W\"", "tool --ssn=W1\"\"W", "tool ssn=W", "export ssn=W",
            "env ssn=W tool", "psql -c \"select 1 where ssn = 'W'\"", "tool 'ssn=W'", "curl -d 'ssn=W'",
            "env 'ssn=W' tool", "sh -c 'ssn=W tool'", "tool --ssn=a\\ W", "tool --ssn W", "curl -d '{\"ssn\":\"W\"}'",
            "ssn=W tool", "tool --customer-ssn W", "tool --ssn 'a W'", "s''sn=W tool --s\\sn=W",
        ])
    func named(line: String) {
        let command = Self.command(line)
        let selected = command.namedPlaces.filter { $0.names.isEmpty || $0.names.contains("ssn") }
        #expect(selected.contains { $0.text == [0..<line.utf8.count] }, "\(line)")
        let parameters = Set(selected.flatMap(\.parameters))
        for (index, parameter) in command.parameters.enumerated() {
            guard case .string(let text) = parameter.value, text.contains("W") || text == "from-env" else { continue }
            #expect(parameters.contains(index), "\(line): \(parameter)")
        }
    }

    @Test("a line without the name has nothing of it")
    func others() {
        let command = CommandReading(login: "root", hasTerminal: false, environment: []).exec(
            Array("tool --assn=W x".utf8))
        #expect(!command.namedPlaces.contains { $0.names.isEmpty || $0.names.contains("ssn") })
    }
}
