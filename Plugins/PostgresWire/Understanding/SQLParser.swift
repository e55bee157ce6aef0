import CPGQuery

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// PostgreSQL's parser (libpg_query, the grammar of PostgreSQL 15), and its tree as Swift values.
enum SQLParser {
    struct Statement {
        let node: ParseNode
        /// In bytes of the text.
        let range: Range<Int>
    }

    /// Why a text cannot be read, in PostgreSQL's words.
    struct Failure: Error {
        let message: String
    }

    /// - Throws: `Failure`.
    static func parse(_ text: String) throws -> [Statement] {
        let result = pg_query_parse_protobuf(text)
        defer { pg_query_free_protobuf_parse_result(result) }
        if let error = result.error {
            throw Failure(message: error.pointee.message.map { String(cString: $0) } ?? "it cannot be parsed")
        }
        let packed = UnsafeRawPointer(result.parse_tree.data)?.assumingMemoryBound(to: UInt8.self)
        guard let tree = pg_query__parse_result__unpack(nil, result.parse_tree.len, packed) else {
            throw Failure(message: "its parse tree cannot be read")
        }
        defer { pg_query__parse_result__free_unpacked(tree, nil) }
        return (0..<Int(tree.pointee.n_stmts)).compactMap { index in
            guard let raw = tree.pointee.stmts[index], let statement = raw.pointee.stmt,
                let node = node(UnsafeRawPointer(statement))
            else { return nil }
            let start = Int(raw.pointee.stmt_location)
            // The last statement has no length where no semicolon follows it.
            let length = Int(raw.pointee.stmt_len)
            return Statement(node: node, range: start..<(length == 0 ? text.utf8.count : start + length))
        }
    }

    /// Reads a message by what protobuf-c knows of its type. A `Node`, which holds one of many kinds, stands for what it
    /// holds.
    private static func node(_ message: UnsafeRawPointer) -> ParseNode? {
        let descriptor = message.assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor.pointee
        var fields: [(name: String, value: ParseNode.Field)] = []
        for index in 0..<Int(descriptor.n_fields) {
            let field = descriptor.fields[index]
            if let value = value(of: field, in: message) { fields.append((String(cString: field.name), value)) }
        }
        let kind = String(cString: descriptor.short_name)
        if kind == "Node" {
            guard case .node(let held)? = fields.first?.value else { return nil }
            return held
        }
        return ParseNode(kind: kind, fields: fields)
    }

    private static func value(of field: ProtobufCFieldDescriptor, in message: UnsafeRawPointer) -> ParseNode.Field? {
        let place = message + Int(field.offset)
        if field.label == PROTOBUF_C_LABEL_REPEATED {
            let count = message.load(fromByteOffset: Int(field.quantifier_offset), as: Int.self)
            guard count > 0, field.type == PROTOBUF_C_TYPE_MESSAGE,
                let array = place.load(as: UnsafePointer<UnsafeRawPointer?>?.self)
            else { return nil }
            return .nodes((0..<count).compactMap { array[$0].flatMap(node) })
        }
        let isOneOf = field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0
        if isOneOf, message.load(fromByteOffset: Int(field.quantifier_offset), as: UInt32.self) != field.id {
            return nil
        }
        switch field.type {
        case PROTOBUF_C_TYPE_MESSAGE:
            return place.load(as: UnsafeRawPointer?.self).flatMap(node).map { .node($0) }
        case PROTOBUF_C_TYPE_STRING:
            guard let text = place.load(as: UnsafePointer<CChar>?.self), text[0] != 0 else { return nil }
            return .text(String(cString: text))
        case PROTOBUF_C_TYPE_BOOL:
            return place.load(as: Int32.self) != 0 ? .integer(1) : nil
        case PROTOBUF_C_TYPE_ENUM:
            guard let type = field.descriptor?.assumingMemoryBound(to: ProtobufCEnumDescriptor.self),
                let value = protobuf_c_enum_descriptor_get_value(type, place.load(as: Int32.self))
            else { return nil }
            return .text(String(cString: value.pointee.name))
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_UINT32:
            let value = place.load(as: Int32.self)
            return value != 0 ? .integer(Int64(value)) : nil
        case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_SINT64, PROTOBUF_C_TYPE_UINT64:
            let value = place.load(as: Int64.self)
            return value != 0 ? .integer(value) : nil
        default: return nil
        }
    }
}
