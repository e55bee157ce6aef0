import Crypto
import Foundation
import Identifiers
import Testing

@testable import Vault

@Suite("EvidenceFile")
struct EvidenceFileTests {
    private static func sample(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    @Test(
        "a sealed file reads as it was written, at every size about a chunk's",
        arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
    func roundTrip(count: Int) throws {
        let shop = try Workshop()
        let plaintext = Self.sample(count)
        let key = try shop.sealed(plaintext)
        let file = try shop.open()
        #expect(file.keyID == key.id)
        #expect(try file.size == UInt64(count))
        #expect(try shop.read() == plaintext)
        let digest = SHA256.hash(data: plaintext).map { String(format: "%02x", $0) }.joined()
        #expect(try file.sha256() == digest)
        #expect(try file.read(at: UInt64(count), count: 1).isEmpty)
        let stored = try shop.bytes()
        #expect(stored.starts(with: SealedFormat.magic))
        if count > 32 { #expect(!Data(stored).contains(Data(plaintext.prefix(32)))) }
    }

    @Test("a file that is not sealed reads the same way, also while it grows")
    func plain() throws {
        let shop = try Workshop()
        try shop.write(Array("one\n".utf8))
        let file = try shop.open()
        #expect(file.keyID == nil)
        #expect(try file.size == 4)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(shop.state)/recordings/a.jsonl"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("two\n".utf8))
        #expect(try String(decoding: file.read(at: 4, count: 100), as: UTF8.self) == "two\n")
        #expect(try file.sha256() == EvidenceFile(EvidencePlace(path: "\(shop.state)/recordings/a.jsonl")).sha256())
    }

    enum Attack: String, CaseIterable, CustomTestStringConvertible {
        case lastChunkCut = "the last chunk cut off"
        case byteCut = "the last byte cut off"
        case chunkDropped = "a chunk dropped"
        case swapped = "two chunks swapped"
        case repeated = "the last chunk twice"
        case body = "a changed byte"
        case tag = "a changed byte of a tag"
        case salt = "a changed byte of the salt"
        case moved = "another file's bytes under this name"

        var testDescription: String { rawValue }

        func change(_ bytes: [UInt8]) -> [UInt8] {
            let chunk = SealedFormat.chunkBytes + SealedFormat.tagBytes
            let header = Array(bytes[..<SealedFormat.headerBytes])
            let chunks = stride(from: SealedFormat.headerBytes, to: bytes.count, by: chunk).map {
                Array(bytes[$0..<min($0 + chunk, bytes.count)])
            }
            func flipped(_ place: Int) -> [UInt8] {
                var bytes = bytes
                bytes[place] ^= 1
                return bytes
            }
            switch self {
            case .lastChunkCut: return header + chunks.dropLast().flatMap { $0 }
            case .byteCut: return bytes.dropLast()
            case .chunkDropped: return header + (chunks[1...]).flatMap { $0 }
            case .swapped: return header + chunks[1] + chunks[0] + chunks[2]
            case .repeated: return bytes + (chunks.last ?? [])
            case .body: return flipped(SealedFormat.headerBytes + chunk + 7)
            case .tag: return flipped(SealedFormat.headerBytes + chunk - 1)
            case .salt: return flipped(SealedFormat.headerBytes - 1)
            case .moved: return bytes
            }
        }
    }

    @Test("what was done to a sealed file is seen", arguments: Attack.allCases)
    func attacked(attack: Attack) throws {
        let shop = try Workshop()
        let key = try shop.sealed(Self.sample(3 * 65_536))
        if attack == .moved { try shop.sealed(Self.sample(10), "b.jsonl", under: key) }
        try shop.write(attack.change(try shop.bytes(attack == .moved ? "b.jsonl" : "a.jsonl")))
        #expect {
            try shop.read()
        } throws: { error in
            if case .damaged(let path, _) = error as? VaultError { path.hasSuffix("a.jsonl") } else { false }
        }
    }

    @Test("without its key a sealed file cannot be read, and it is said which key that was")
    func keyDestroyed() throws {
        let shop = try Workshop()
        let key = try shop.sealed(Self.sample(100))
        let keyFile = "\(shop.state)/retention/keys/\(key.id).key"
        let mode = try FileManager.default.attributesOfItem(atPath: keyFile)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try shop.vault.keys.destroy(key.id)
        #expect(!FileManager.default.fileExists(atPath: keyFile) && !shop.vault.keys.exists(key.id))
        let path = "\(shop.state)/recordings/a.jsonl"
        #expect(throws: VaultError.keyMissing(path: path, key: key.id.description)) { try shop.open() }
        #expect(throws: VaultError.sealed(path: path)) { try EvidenceFile(EvidencePlace(path: path)) }
        #expect(try shop.vault.keyID(of: "recordings/a.jsonl") == key.id)
    }

    @Test("a key that is destroyed is written over where it stood, and not only taken out of its folder")
    func keyWrittenOver() throws {
        let shop = try Workshop()
        let key = try shop.sealed([1])
        // Another name of the same file shows what was written into it last.
        let other = "\(shop.state)/other-name"
        try FileManager.default.linkItem(atPath: "\(shop.state)/retention/keys/\(key.id).key", toPath: other)
        let size = try #require(FileManager.default.contents(atPath: other)?.count)
        try shop.vault.keys.destroy(key.id)
        #expect(size > 0 && FileManager.default.contents(atPath: other) == Data(count: size))
    }

    @Test("a key's list has what was sealed under it, a torn line among others is passed over")
    func items() throws {
        let shop = try Workshop()
        let key = try shop.sealed([1], "a.jsonl")
        let list = try FileHandle(
            forWritingTo: URL(fileURLWithPath: "\(shop.state)/retention/keys/\(key.id).items"))
        try list.seekToEnd()
        try list.write(contentsOf: Data(#"{"name":"recordings/to"#.utf8))
        try shop.sealed([2], "b.jsonl", under: key)
        var names: [String] = []
        try shop.vault.keys.items(of: key) { (item: EvidenceItem) throws(VaultError) in names.append(item.name) }
        #expect(names == ["recordings/a.jsonl", "recordings/b.jsonl"])
        let all = try shop.vault.keys.all()
        #expect(all.count == 1 && all.first?.target == "ledger" && all.first?.period == key.period)
    }

    @Test("what is sealed is sealed anew under another key, and then the first is not needed")
    func sealedAnew() throws {
        let shop = try Workshop()
        let first = try shop.sealed(Self.sample(100_000))
        let own = try shop.key(item: "recordings/a.jsonl")
        #expect(try !shop.vault.seal(shop.item(), under: first))
        #expect(try shop.vault.seal(shop.item(), under: own))
        try shop.vault.keys.destroy(first.id)
        #expect(try shop.read() == Self.sample(100_000))
    }

    @Test("a file that is being written is not sealed, and one with nothing in it neither")
    func beingWritten() throws {
        let shop = try Workshop()
        try shop.write([])
        #expect(!shop.vault.isUnsealed("recordings/a.jsonl"))
        try shop.write([1])
        #expect(shop.vault.isUnsealed("recordings/a.jsonl"))
        let writer = try OpenFile("\(shop.state)/recordings/a.jsonl", O_WRONLY)
        WriterLock.hold(writer.descriptor)
        #expect(!shop.vault.isUnsealed("recordings/a.jsonl"))
        withExtendedLifetime(writer) {}
    }

    @Test("a file that was closed is whole, also while a child process is started that has it open")
    func closedBesideAChild() throws {
        let shop = try Workshop()
        try shop.write([])
        let path = "\(shop.state)/recordings/b.jsonl"
        let writer = GrowingFile.system.create(path)
        #expect(writer >= 0)
        let inherited = dup(writer)
        defer { close(inherited) }
        #expect([1, 2, 3].withUnsafeBytes { GrowingFile.system.write(writer, $0) } > 0)
        #expect(!shop.vault.isUnsealed("recordings/b.jsonl"))
        GrowingFile.system.close(writer)
        #expect(shop.vault.isUnsealed("recordings/b.jsonl"))
    }
}
