import GatewayCore
import StrictJSON

/// CloudEvents 1.0 over HTTP, in all three modes: binary (`ce-` fields), structured, and batches.
struct CloudEvents {
    let command: Command

    init(_ call: PlainCall, _ request: FunctionRequest) throws(RequestRefusal) {
        let events: [Event]
        var data = call.queryAndHeaders
        switch call.mediaType?.essence {
        case "application/cloudevents+json":
            events = [try Event(structured: call.json)]
        case "application/cloudevents-batch+json":
            guard let batch = call.json?.array, !batch.isEmpty else {
                throw Self.invalid("A batch is a list of at least one event.")
            }
            var all: [Event] = []
            for element in batch { all.append(try Event(structured: element)) }
            events = all
        case .some(let essence) where essence.hasPrefix("application/cloudevents"):
            throw RequestRefusal(
                status: 415, rule: "event-format", reason: "The event format \(essence) is not read here.",
                nextStep: "Send events as JSON.")
        default:
            events = [try Event(binary: request.headers)]
            data += call.command.parameters.filter { $0.encoding != "query" && $0.encoding != "header" }
        }
        for (index, event) in events.enumerated() {
            let prefix = events.count == 1 ? "" : "\(index)."
            data += event.attributes.map {
                Parameter(name: prefix + $0.name, value: $0.value, encoding: "event")
            }
        }
        command = Command(
            effects: events.map { event in
                Effect(
                    action: "event.send",
                    resource: Resource(
                        type: "EventType", name: event.type, attributes: ["path": .string(request.decodedPath)]))
            },
            text: "\(PlainCall.text(request)) \(events.map(\.type).joined(separator: ", "))", parameters: data,
            facts: call.command.facts + [
                Fact("event.count", .integer(Int64(events.count))), Fact("event.source", .string(events[0].source)),
            ])
    }

    fileprivate static func invalid(_ reason: String) -> RequestRefusal {
        RequestRefusal(
            status: 400, rule: "event-invalid", reason: reason,
            nextStep: "Send an event with specversion 1.0, id, source and type.")
    }

    /// The attributes of one event, `data` among them where it is part of the event.
    private struct Event {
        let type: String
        let source: String
        let attributes: [JSONMember]

        init(structured value: JSONValue?) throws(RequestRefusal) {
            guard let members = value?.object else { throw invalid("A structured event is a JSON object.") }
            try self.init(members)
        }

        /// HTTP binding section 3.1: each attribute is a field with the prefix `ce-`, its value percent-encoded.
        init(binary headers: HeaderFields) throws(RequestRefusal) {
            var members: [JSONMember] = []
            var names: Set<String> = []
            for (name, value) in headers.texts where name.lowercased().hasPrefix("ce-") {
                let attribute = String(name.lowercased().dropFirst(3))
                guard names.insert(attribute).inserted else {
                    throw invalid("The field \(name) stands twice.")
                }
                guard let decoded = value.removingPercentEscapes else {
                    throw invalid("The field \(name) is not UTF-8.")
                }
                members.append(JSONMember(attribute, .string(decoded)))
            }
            try self.init(members)
        }

        private init(_ members: [JSONMember]) throws(RequestRefusal) {
            func text(_ name: String) throws(RequestRefusal) -> String {
                guard let value = members.first(where: { $0.name == name })?.value.string, !value.isEmpty else {
                    throw invalid("The event has no \(name).")
                }
                return value
            }
            guard try text("specversion") == "1.0" else { throw invalid("The event's specversion is not 1.0.") }
            _ = try text("id")
            source = try text("source")
            type = try text("type")
            if members.contains(where: { $0.name == "data" }), members.contains(where: { $0.name == "data_base64" }) {
                throw invalid("The event has both data and data_base64.")
            }
            attributes = members
        }
    }
}

private func invalid(_ reason: String) -> RequestRefusal { CloudEvents.invalid(reason) }

extension String {
    /// The text with its percent-escapes decoded; `nil` when that is not UTF-8. A lone `%` stands for itself.
    fileprivate var removingPercentEscapes: String? {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x37
            case 0x61...0x66: byte - 0x57
            default: nil
            }
        }
        let source = Array(utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == 0x25, index + 2 < source.count, let high = digit(source[index + 1]),
                let low = digit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
