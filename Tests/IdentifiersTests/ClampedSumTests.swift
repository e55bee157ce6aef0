import Identifiers
import Testing

@Suite("Sums of numbers that others wrote")
struct ClampedSumTests {
    @Test("a sum without room is the nearest number that there is")
    func sums() {
        #expect(Int64.max.addingClamped(1) == .max && Int64.min.addingClamped(-1) == .min)
        #expect(Int64.max.addingClamped(-1) == Int64.max - 1 && Int64.min.addingClamped(.max) == -1)
        #expect(UInt64.max.addingClamped(.max) == .max && UInt8(250).addingClamped(5) == 255)
        #expect([9_223_372_036_854_775_807, 1, 9_223_372_036_854_775_807].clampedSum == Int.max)
        #expect([1, 2, 3].clampedSum == 6 && [Int]().clampedSum == 0)
        var sum = Int.max - 1
        for _ in 0..<3 { sum.addClamped(1) }
        #expect(sum == .max)
    }
}
