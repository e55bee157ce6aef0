import NIOCore
import Testing

@testable import SSHExec

@Suite("Destinations of forwarded connections")
struct ForwardRequestTests {
    private static func details(_ host: [UInt8], _ port: UInt32, rest: [UInt8] = []) -> ByteBuffer {
        var details = ByteBuffer()
        details.writeSSHString(host)
        details.writeInteger(port)
        details.writeSSHText("127.0.0.1")
        details.writeInteger(UInt32(40_000))
        details.writeBytes(rest)
        return details
    }

    @Test("what is decided is what the host is asked for")
    func same() throws {
        let details = Self.details(Array("db.internal".utf8), 5432)
        let request = try #require(ForwardRequest(details))
        #expect(request.host == "db.internal" && request.port == 5432 && request.details == details)
        #expect(request.endpoint == "db.internal:5432")
        #expect(ForwardRequest(Self.details(Array("::1".utf8), 22))?.endpoint == "[::1]:22")
    }

    @Test(
        "a destination that could be read in two ways is none",
        arguments: [
            details(Array("evil\0.internal".utf8), 22), details([0xff, 0x2e], 22), details([], 22),
            details(Array("a b".utf8), 22), details(Array("a\nb".utf8), 22), details(Array("a".utf8), 65536),
            details(Array(repeating: 0x61, count: 256), 22), details(Array("a".utf8), 22, rest: [0]), ByteBuffer(),
        ])
    func refused(details: ByteBuffer) {
        #expect(ForwardRequest(details) == nil)
    }
}
