import Testing

@testable import HTTPFunctions

@Suite("Request targets")
struct RequestTargetTests {
    static let refused: [(String, TargetError)] = [
        ("", .form), ("*", .form), ("a", .form), ("a/b", .form),
        ("/a/../b", .dotSegment), ("/..", .dotSegment), ("/.", .dotSegment), ("/a/./b", .dotSegment),
        ("/a/..", .dotSegment), ("/../a", .dotSegment),
        ("//a", .emptySegment), ("/a//b", .emptySegment), ("/a//", .emptySegment), ("//", .emptySegment),
        ("/%2e%2e/a", .encodedDot), ("/a%2Eb", .encodedDot), ("/.%2e/a", .encodedDot),
        ("/a%2fb", .encodedSeparator), ("/a%2Fb", .encodedSeparator), ("/a%5cb", .encodedSeparator),
        ("/%252e%252e/", .doubleEncoding), ("/%25%32%65", .doubleEncoding), ("/a%252fb", .doubleEncoding),
        ("/a\\b", .invalidCharacter), ("/a b", .invalidCharacter), ("/a#b", .invalidCharacter),
        ("/a\"b", .invalidCharacter), ("/ä", .invalidCharacter), ("/a\u{0}", .invalidCharacter),
        ("/a%00", .control), ("/a%0d%0aX", .control), ("/%7f", .control),
        ("/a%", .invalidEscape), ("/a%2", .invalidEscape), ("/a%zz", .invalidEscape), ("/a%u0041", .invalidEscape),
        ("/%ff", .notUTF8), ("/%c0%af", .notUTF8), ("/%ed%a0%80", .notUTF8),
        ("/a;b", .pathParameter), ("/..;/a", .pathParameter), ("/a%3bb", .pathParameter),
        ("/a?b=%", .invalidEscape), ("/a?b=%4", .invalidEscape), ("/a?b#c", .invalidCharacter),
        ("/a?b c", .invalidCharacter), ("/a?ü", .invalidCharacter),
    ]

    @Test("a path that two servers could read differently is refused", arguments: refused)
    func refusedPath(_ text: String, _ fault: TargetError) {
        #expect(throws: MessageError.invalidTarget(fault)) { try Self.target(text) }
        #expect(MessageError.invalidTarget(fault).status == 400)
    }

    @Test(
        "a plain path is kept byte for byte and decoded beside",
        arguments: [
            ("/", "/", nil), ("/a", "/a", nil), ("/a/", "/a/", nil), ("/.well-known/x", "/.well-known/x", nil),
            ("/...", "/...", nil), ("/a..b/c.", "/a..b/c.", nil), ("/a?", "/a", ""), ("/a?b/../c", "/a", "b/../c"),
            ("/caf%C3%A9", "/café", nil), ("/a%20b", "/a b", nil), ("/100%25", "/100%", nil),
            ("/a?b=[1]&c=%00", "/a", "b=[1]&c=%00"), ("/%25zz", "/%zz", nil),
        ] as [(String, String, String?)])
    func accepted(_ text: String, _ decoded: String, _ query: String?) throws {
        let target = try Self.target(text)
        #expect(target.decodedPath == decoded)
        #expect(target.query == query)
        #expect(text == target.path + (query.map { "?\($0)" } ?? ""))
    }

    static func target(_ text: String) throws(MessageError) -> RequestTarget {
        let result: Result<RequestTarget, MessageError> = Array(text.utf8).withUnsafeBytes { bytes in
            do throws(MessageError) { return .success(try RequestTarget(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
