import Testing

@testable import Audit

@Suite("Tile paths")
struct TilePathTests {
    @Test(
        "a tile stands where C2SP tlog-tiles says",
        arguments: [
            (TilePath(.hashes(level: 0), index: 0), "tile/0/000"),
            (TilePath(.hashes(level: 0), index: 999), "tile/0/999"),
            (TilePath(.hashes(level: 1), index: 1000), "tile/1/x001/000"),
            (TilePath(.entries, index: 1_234_067), "tile/entries/x001/x234/067"),
            (TilePath(.hashes(level: 2), index: 5, width: 17), "tile/2/005.p/17"),
        ])
    func path(_ tile: TilePath, _ path: String) {
        #expect(tile.path == path)
    }

    @Test(
        "each level is as wide as the size says",
        arguments: [
            (0, []), (1, [1]), (255, [255]), (256, [0, 1]), (70_000, [112, 17, 1]), (65_536, [0, 0, 1]),
        ] as [(UInt64, [Int])])
    func widths(_ size: UInt64, _ widths: [Int]) {
        let levels = 0..<TilePath.levels(size: size)
        #expect(
            levels.map { level in
                TilePath.width(level: level, index: TilePath.hashes(level: level, size: size) >> 8, size: size)
            } == widths)
        #expect(TilePath.width(level: 0, index: 10_000, size: size) == 0)
    }
}
