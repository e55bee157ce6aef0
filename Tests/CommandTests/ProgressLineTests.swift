import Testing

@testable import sallyport

@Suite struct ProgressLineTests {
    @Test(
        "a progress line has a bar, and a rate and the time left once they say something",
        arguments: [
            (0, 10, 0, "verifying [--------------------] 0 %  0 of 10"),
            (3, 10, 100, "verifying [######--------------] 30 %  3 of 10"),
            (
                6_250_000, 10_000_000, 10_000,
                "verifying [############--------] 62 %  6,250,000 of 10,000,000  625,000/s  6 s left"
            ),
            (1, 100, 1000, "verifying [--------------------] 1 %  1 of 100  1/s  1 min 39 s left"),
            (1, 10_000, 1000, "verifying [--------------------] 0 %  1 of 10,000  1/s  2 h 46 min left"),
            (1, .max, 1000, "verifying [--------------------] 0 %  1 of 18,446,744,073,709,551,615  1/s  long left"),
            (10, 10, 2000, "verifying [####################] 100 %  10 of 10  5/s  0 s left"),
            (0, 0, 2000, "verifying [####################] 100 %  0 of 0"),
        ] as [(UInt64, UInt64, Int, String)])
    func text(done: UInt64, total: UInt64, milliseconds: Int, expected: String) {
        #expect(ProgressLine.text("verifying", done, of: total, after: .milliseconds(milliseconds)) == expected)
    }
}
