import Identifiers
import Testing

@Suite("UUIDv7")
struct UUIDv7Tests {
    @Test("its text has the version, the variant and the time of RFC 9562")
    func textForm() {
        let id = UUIDv7(milliseconds: 0x0192_3456_789a)
        let text = id.description
        #expect(text.count == 36)
        #expect(text.hasPrefix("01923456-789a-7"))
        #expect("89ab".contains(text[text.index(text.startIndex, offsetBy: 19)]))
        #expect(id.milliseconds == 0x0192_3456_789a)
    }

    @Test("reading its text gives it back")
    func roundTrip() {
        for _ in 0..<1000 {
            let id = UUIDv7(milliseconds: .random(in: 0..<(1 << 48)))
            #expect(UUIDv7(id.description) == id)
            #expect(UUIDv7(id.description.uppercased()) == id)
        }
    }

    @Test(
        "what is no version 7 UUID is refused",
        arguments: [
            "", "0192", "01923456-789a-4aaa-8aaa-aaaaaaaaaaaa", "01923456-789a-7aaa-caaa-aaaaaaaaaaaa",
            "01923456x789a-7aaa-8aaa-aaaaaaaaaaaa", "01923456-789a-7aaa-8aaa-aaaaaaaaaaag",
            "01923456-789a-7aaa-8aaa-aaaaaaaaaaaa0", "01923456-789a-7aaa-8aaa-aaaaaaaaaa-a",
        ])
    func refused(text: String) {
        #expect(UUIDv7(text) == nil)
    }

    @Test("later ones sort after earlier ones, as values and as text")
    func order() {
        let ids = (0..<100).map { UUIDv7(milliseconds: 1_700_000_000_000 + UInt64($0)) }
        #expect(ids.shuffled().sorted() == ids)
        #expect(ids.map(\.description).shuffled().sorted() == ids.map(\.description))
    }
}
