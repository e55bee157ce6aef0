import Crypto
import NIOCore

@testable import Masking

let testKey = SymmetricKey(data: Array("a key of at least 128 bits".utf8))

/// A plan of rules as `selector: transform`, e.g. `$.a: null`, `PAN: keep-last 4`, `field *name: redact`.
func makePlan(_ rules: [String]) throws -> MaskingPlan {
    let parsed = try rules.map { text -> MaskingRule in
        let parts = text.split(separator: ": ", maxSplits: 1).map(String.init)
        let selector: MaskingRule.Selector =
            if parts[0].hasPrefix("$") {
                .path(try JSONPath(parsing: parts[0]))
            } else if parts[0].hasPrefix("field ") {
                .field(String(parts[0].dropFirst(6)))
            } else if parts[0].hasPrefix("column ") {
                .column(try ColumnPattern(parsing: String(parts[0].dropFirst(7))))
            } else {
                .detector(try Detector(named: parts[0]))
            }
        return MaskingRule(selector: selector, transform: try Transform(parsing: parts[1]))
    }
    return try MaskingCatalog(ruleSets: [MaskingRuleSet(name: "set", rules: parsed)], pseudonymKey: testKey)
        .plan(["set"])
}

let allDetectors = ["PAN: redact", "IBAN: redact", "US_SSN: redact", "EMAIL: redact", "PHONE: redact"]

struct MaskedAnswer: Equatable {
    var text: String
    var counts: Set<MaskCount>
}

/// Masks `bytes` in chunks that end at `cuts`.
func mask(
    _ bytes: [UInt8], _ plan: MaskingPlan, _ format: MaskedFormat = .json, cuts: [Int] = []
) throws(MaskingError) -> MaskedAnswer {
    var masker = try StreamMasker(plan: plan, format: format)
    var output: [UInt8] = []
    var start = 0
    for end in cuts + [bytes.count] {
        output += try masker.mask(ByteBuffer(bytes: bytes[start..<end])).buffer.readableBytesView
        start = end
    }
    output += try masker.finish().buffer.readableBytesView
    return MaskedAnswer(text: String(decoding: output, as: UTF8.self), counts: Set(masker.counts))
}

func mask(
    _ text: String, _ rules: [String], _ format: MaskedFormat = .json, cuts: [Int] = []
) throws -> String {
    try mask(Array(text.utf8), makePlan(rules), format, cuts: cuts).text
}

/// The answer for `text` whole, or `nil` with the places of the first cuts under which it comes out otherwise.
func differingCuts(_ text: String, _ plan: MaskingPlan, _ format: MaskedFormat) -> [Int]? {
    let bytes = Array(text.utf8)
    let whole = Result { () throws(MaskingError) in try mask(bytes, plan, format) }
    func isSame(_ cuts: [Int]) -> Bool {
        whole == Result { () throws(MaskingError) in try mask(bytes, plan, format, cuts: cuts) }
    }
    for first in 0...bytes.count where !isSame([first]) { return [first] }
    for first in 0..<bytes.count {
        for width in [1, 2, 3, 7] where first + width <= bytes.count {
            if !isSame([first, first + width]) { return [first, first + width] }
        }
    }
    for width in [1, 2, 3, 5, 13] {
        let cuts = Array(stride(from: width, to: bytes.count, by: width))
        if !isSame(cuts) { return cuts }
    }
    return nil
}
