import GatewayCore
import Identifiers
import NIOCore
import StrictJSON

/// A bound value that is not what its type says.
struct ParameterError: Error, Hashable {
    let message: String
}

/// The values that Bind carries, as the record and policies see them.
enum BoundParameters {
    /// - Parameter types: The parameters' types, zero or absent where nobody has said one.
    /// - Returns: One parameter for each value, and whether each could be read as what it is.
    static func read(
        _ bind: Bind, types: [UInt32], encoding: ClientEncoding
    ) throws(ParameterError) -> (parameters: [Parameter], areReadable: Bool) {
        var parameters: [Parameter] = []
        parameters.reserveCapacity(bind.parameters.count)
        var areReadable = true
        for (index, bound) in bind.parameters.enumerated() {
            let name = "$\(index + 1)"
            let value: ByteBuffer
            switch bound {
            case .held(let held): value = held
            case .null:
                parameters.append(Parameter(name: name, value: .null, encoding: "bind"))
                continue
            case .long(let bytes, let digest):
                areReadable = false
                parameters.append(
                    Parameter(
                        name: name, value: .string("\(bytes) bytes, SHA-256 \(digest)"), encoding: "bind-digest"))
                continue
            }
            let type = index < types.count ? types[index] : 0
            if bind.format(ofParameter: index) == 0 {
                guard let text = encoding.text(of: value) else {
                    areReadable = false
                    parameters.append(opaque(index + 1, value))
                    continue
                }
                parameters.append(Parameter(name: name, value: json(text, type), encoding: "bind"))
            } else if let text = BinaryValue.text(of: value, type: type) {
                parameters.append(Parameter(name: name, value: json(text, type), encoding: "bind"))
            } else {
                areReadable = false
                parameters.append(opaque(index + 1, value))
            }
        }
        return (parameters, areReadable)
    }

    /// A value of a form that the gateway does not read, in hexadecimal digits.
    static func opaque(_ number: Int, _ value: ByteBuffer?) -> Parameter {
        guard let value else { return Parameter(name: "$\(number)", value: .null, encoding: "bind") }
        return Parameter(
            name: "$\(number)", value: .string("\\x\(value.readableBytesView.hexadecimal)"), encoding: "bind-binary")
    }

    /// Integers and booleans as policies compare them; everything else is its text.
    private static func json(_ text: String, _ type: UInt32) -> JSONValue {
        switch type {
        case BinaryValue.int2, BinaryValue.int4, BinaryValue.int8:
            Int64(text).map { .number("\($0)") } ?? .string(text)
        case BinaryValue.bool:
            switch text {
            case "t", "true": .bool(true)
            case "f", "false": .bool(false)
            default: .string(text)
            }
        default: .string(text)
        }
    }
}
