import ConfigFile
import GatewayCore
import NIOCore
import StrictJSON

@testable import HTTPFunctions

/// What a target that speaks `dialect` makes of a request.
func understand(
    _ dialect: String, _ method: String = "POST", _ path: String = "/f", query: String? = nil, body: String = "",
    headers: [(String, String)] = [], type: String? = "application/json"
) throws -> Understanding {
    let section = try ConfigDocument.load(
        text: "protocol: \(dialect)\nheader_parameters: [X-Tenant]\n", file: "test", keys: CallReader.targetKeys)
    let fields = headers + (type.map { [("Content-Type", $0)] } ?? [])
    return try CallReader(target: "t", section: section).read(
        FunctionRequest(
            method: method, path: path, decodedPath: path, query: query,
            headers: HeaderFields(fields.map { (name: $0.0, value: $0.1) }), body: ByteBuffer(string: body),
            target: "t"))
}

extension Understanding {
    var command: Command? { if case .command(let command, _) = self { command } else { nil } }
    var refusal: RequestRefusal? { if case .refused(let refusal, _) = self { refusal } else { nil } }
    var shape: RequestShape {
        switch self {
        case .command(_, let shape), .refused(_, let shape): shape
        }
    }
    /// `action Type/name` of each effect.
    var effects: [String] {
        command?.effects.map { "\($0.action) \($0.resource.type)/\($0.resource.name)" } ?? []
    }
    /// `name=value` of each parameter, values in canonical JSON.
    var parameters: [String] {
        command?.parameters.map { "\($0.name)=\(String(decoding: $0.value.canonicalBytes, as: UTF8.self))" } ?? []
    }
    func fact(_ name: String) -> FactValue? { command?.facts.first { $0.name == name }?.value }
}
