import Testing

@testable import SSHCredentials

@Suite("The data types of RFC 4251, section 5")
struct SSHWireTests {
    @Test("what is written is read back")
    func roundTrip() throws {
        var writer = SSHWireWriter()
        writer.byte(7)
        writer.uint32(0x0102_0304)
        writer.uint64(.max)
        writer.text("testing")
        writer.nameList(["zlib", "none"])
        writer.nameList([])
        var reader = SSHWireReader(writer.bytes)
        #expect(try reader.byte() == 7)
        #expect(try reader.uint32() == 0x0102_0304)
        #expect(try reader.uint64() == .max)
        #expect(try reader.text() == "testing")
        #expect(try reader.nameList() == ["zlib", "none"])
        #expect(try reader.nameList() == [])
        #expect(reader.isAtEnd)
        try reader.end()
    }

    @Test(
        "numbers of any length have the forms of the standard's table",
        arguments: [
            ([], [0, 0, 0, 0]),
            ([0x09, 0xa3, 0x78, 0xf9], [0, 0, 0, 4, 0x09, 0xa3, 0x78, 0xf9]),
            ([0x80], [0, 0, 0, 2, 0, 0x80]),
        ] as [([UInt8], [UInt8])])
    func integers(magnitude: [UInt8], form: [UInt8]) throws {
        var writer = SSHWireWriter()
        writer.unsignedInteger([0, 0] + magnitude)
        #expect(writer.bytes == form)
        var reader = SSHWireReader(form)
        #expect(try reader.unsignedInteger() == magnitude)
    }

    @Test(
        "numbers that are negative or padded are refused",
        arguments: [
            ([0, 0, 0, 1, 0x80], .negativeInteger), ([0, 0, 0, 1, 0], .paddedInteger),
            ([0, 0, 0, 2, 0, 0x7f], .paddedInteger),
        ] as [([UInt8], SSHWireError)])
    func refusedIntegers(form: [UInt8], error: SSHWireError) {
        #expect(throws: error) {
            var reader = SSHWireReader(form)
            _ = try reader.unsignedInteger()
        }
    }

    @Test("a length past the end, and one past the limit, are refused before anything is taken")
    func lengths() {
        #expect(throws: SSHWireError.truncated(wanted: 0xffff_ffff, left: 1)) {
            var reader = SSHWireReader([0xff, 0xff, 0xff, 0xff, 1])
            _ = try reader.string()
        }
        #expect(throws: SSHWireError.tooLong(length: 3, limit: 2)) {
            var reader = SSHWireReader([0, 0, 0, 3, 1, 2, 3])
            _ = try reader.string(limit: 2)
        }
        #expect(throws: SSHWireError.truncated(wanted: 4, left: 3)) {
            var reader = SSHWireReader([0, 0, 0])
            _ = try reader.uint32()
        }
        #expect(throws: SSHWireError.truncated(wanted: 8, left: 0)) {
            var reader = SSHWireReader([])
            _ = try reader.uint64()
        }
        #expect(throws: SSHWireError.truncated(wanted: 1, left: 0)) {
            var reader = SSHWireReader([])
            _ = try reader.byte()
        }
        #expect(throws: SSHWireError.trailingBytes(1)) { try SSHWireReader([0]).end() }
    }

    @Test(
        "text that is not UTF-8 or holds a zero byte is refused", arguments: [[0xff], [0x61, 0], [0xc3]] as [[UInt8]])
    func notText(bytes: [UInt8]) {
        #expect(throws: SSHWireError.notText) {
            var writer = SSHWireWriter()
            writer.string(bytes)
            var reader = SSHWireReader(writer.bytes)
            _ = try reader.text()
        }
    }

    @Test("lists with empty or unprintable names are refused", arguments: [",", "a,", ",a", "a,,b", "a b", "ä"])
    func nameLists(text: String) {
        #expect(throws: SSHWireError.emptyName) {
            var writer = SSHWireWriter()
            writer.text(text)
            var reader = SSHWireReader(writer.bytes)
            _ = try reader.nameList()
        }
    }
}
