import Testing

@testable import AuditSinks

@Suite("The files of a log that grew")
struct TreeFilesTests {
    private func paths(_ start: UInt64, _ end: UInt64, isLast: Bool = true) -> [String] {
        TreeFiles.between(start, end, isLast: isLast).map(\.path)
    }

    @Test("a first round takes whole tiles and then partial ones")
    func first() {
        #expect(paths(0, 3) == ["tile/entries/000.p/3", "tile/0/000.p/3"])
        #expect(
            paths(0, 300) == [
                "tile/entries/000", "tile/0/000", "tile/entries/001.p/44", "tile/0/001.p/44", "tile/1/000.p/1",
            ])
    }

    @Test("rounds on the way leave partial tiles to the last one, which has those of all levels")
    func rounds() {
        #expect(paths(0, 512, isLast: false) == ["tile/entries/000", "tile/entries/001", "tile/0/000", "tile/0/001"])
        #expect(paths(512, 513) == ["tile/entries/002.p/1", "tile/0/002.p/1", "tile/1/000.p/2"])
        #expect(paths(512, 768).last == "tile/1/000.p/3")
    }

    @Test(
        "all rounds together have every file of the tree",
        arguments: [[0, 1, 256, 70_000], [0, 16_384, 32_768, 65_536], [0, 255, 257, 65_537, 131_072]] as [[UInt64]])
    func complete(sizes: [UInt64]) throws {
        let end = try #require(sizes.last)
        var files: Set<String> = []
        for (start, next) in zip(sizes, sizes.dropFirst()) { files.formUnion(paths(start, next, isLast: next == end)) }
        var expected: Set<String> = []
        for level in 0..<3 as Range<UInt64> {
            let hashes = end >> (8 * level)
            for kind in level == 0 ? ["entries", "0"] : ["\(level)"] {
                for index in 0..<(hashes >> 8) { expected.insert("tile/\(kind)/\(number(index))") }
                if hashes & 0xff > 0 { expected.insert("tile/\(kind)/\(number(hashes >> 8)).p/\(hashes & 0xff)") }
            }
        }
        #expect(files == expected)
    }

    private func number(_ value: UInt64) -> String {
        let digits = String(value)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}
