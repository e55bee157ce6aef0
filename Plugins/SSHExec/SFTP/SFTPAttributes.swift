import NIOCore

/// A file's attributes as a packet carries them (section 5); what is `nil` was not sent.
struct SFTPAttributes: Equatable, Sendable {
    struct Extended: Equatable, Sendable {
        let type: [UInt8]
        let data: [UInt8]
    }

    var size: UInt64?
    var userID: UInt32?
    var groupID: UInt32?
    var permissions: UInt32?
    var accessTime: UInt32?
    var modificationTime: UInt32?
    var extended: [Extended] = []

    /// The attributes that are there, in a policy's words: `size`, `owner`, `permissions`, `times`, `extended`.
    var names: [String] {
        var names: [String] = []
        if size != nil { names.append("size") }
        if userID != nil { names.append("owner") }
        if permissions != nil { names.append("permissions") }
        if accessTime != nil { names.append("times") }
        if !extended.isEmpty { names.append("extended") }
        return names
    }
}

private enum AttributeFlag {
    static let size: UInt32 = 0x1
    static let owner: UInt32 = 0x2
    static let permissions: UInt32 = 0x4
    static let times: UInt32 = 0x8
    static let extended: UInt32 = 0x8000_0000
    static let all = size | owner | permissions | times | extended
}

extension SFTPPacketReader {
    mutating func attributes() throws(SFTPViolation) -> SFTPAttributes {
        let flags = try integer(UInt32.self)
        // A flag of a later version means fields of unknown length.
        guard flags & ~AttributeFlag.all == 0 else { throw violation("attributes with unknown flags \(flags)") }
        var attributes = SFTPAttributes()
        if flags & AttributeFlag.size != 0 { attributes.size = try integer() }
        if flags & AttributeFlag.owner != 0 {
            attributes.userID = try integer()
            attributes.groupID = try integer()
        }
        if flags & AttributeFlag.permissions != 0 { attributes.permissions = try integer() }
        if flags & AttributeFlag.times != 0 {
            attributes.accessTime = try integer()
            attributes.modificationTime = try integer()
        }
        if flags & AttributeFlag.extended != 0 {
            for _ in 0..<(try count(ofAtLeast: 8)) {
                let type = Array(try string().readableBytesView)
                attributes.extended.append(.init(type: type, data: Array(try string().readableBytesView)))
            }
        }
        return attributes
    }
}

extension ByteBuffer {
    mutating func writeSFTPAttributes(_ attributes: SFTPAttributes) {
        let flagsIndex = writerIndex
        var flags: UInt32 = 0
        writeInteger(flags)
        if let size = attributes.size {
            flags |= AttributeFlag.size
            writeInteger(size)
        }
        if let userID = attributes.userID, let groupID = attributes.groupID {
            flags |= AttributeFlag.owner
            writeInteger(userID)
            writeInteger(groupID)
        }
        if let permissions = attributes.permissions {
            flags |= AttributeFlag.permissions
            writeInteger(permissions)
        }
        if let accessTime = attributes.accessTime, let modificationTime = attributes.modificationTime {
            flags |= AttributeFlag.times
            writeInteger(accessTime)
            writeInteger(modificationTime)
        }
        if !attributes.extended.isEmpty {
            flags |= AttributeFlag.extended
            writeInteger(UInt32(attributes.extended.count))
            for extended in attributes.extended {
                writeSFTPString(extended.type)
                writeSFTPString(extended.data)
            }
        }
        setInteger(flags, at: flagsIndex)
    }
}
