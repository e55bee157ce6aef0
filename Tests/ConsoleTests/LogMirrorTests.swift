import Foundation
import Testing

@testable import Console

@Suite("LogMirror")
struct LogMirrorTests {
    @Test(
        "names of tiles are those of the standard, and are written out as they were read",
        arguments: [
            "0/000", "0/001", "63/067", "1/x001/x234/067", "0/000.p/1", "0/x001/000.p/255", "entries/000",
            "entries/x999/x999/999.p/17", "8/123",
        ])
    func names(text: String) throws {
        #expect(try #require(TileName(text)).path == "tile/\(text)")
    }

    @Test(
        "everything else is no name of a tile",
        arguments: [
            "", "0", "0/", "/000", "0/0", "0/00", "0/0000", "0/x000", "0/x000/000", "0/001/000", "0/x001", "0/x1/000",
            "64/000", "00/000", "-1/000", "+1/000", "0/-01", "0/+01", "0/000.p", "0/000.p/", "0/000.p/0", "0/000.p/256",
            "0/000.p/01", "0/000.p/1/2", "entries", "entries/", "Entries/000", "../checkpoint", "0/../000", "0/..",
            "./0/000",
            "0/x../000", "0/%2e%2e", "entries/..", "entries/x00/", "0/000/", "0//000", "0/000.P/1", "0/٠٠٠",
            "0/000\u{0}",
            "0/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/000",
        ])
    func otherNames(text: String) {
        #expect(TileName(text) == nil)
    }

    private func prepare(_ console: RunningConsole) throws {
        let log = console.backend.auditDirectory
        try FileManager.default.createDirectory(atPath: "\(log)/tile/0/x001", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(log)/tile/entries", withIntermediateDirectories: true)
        try Data(0...255).write(to: URL(fileURLWithPath: "\(log)/tile/0/x001/002"))
        try Data("entry".utf8).write(to: URL(fileURLWithPath: "\(log)/tile/entries/000"))
        try Data("private".utf8).write(to: URL(fileURLWithPath: "\(console.backend.folder)/key"))
    }

    @Test("an auditor reads the files as they are; one that is not there is 404")
    func auditor() async throws {
        try await RunningConsole.run { console in
            try prepare(console)
            let entries = try await console.get("/tlog/tile/entries/000", as: "carol")
            #expect(entries.body == "entry" && entries.header("Content-Type") == "application/octet-stream")
            #expect(entries.header("Cache-Control") == "no-store")
            #expect(try await console.get("/tlog/tile/0/x001/002", as: "carol").status == 200)
            #expect(try await console.get("/tlog/tile/0/x001/003", as: "carol").status == 404)
            let checkpoint = try await console.get("/tlog/checkpoint", as: "carol")
            #expect(checkpoint.body.hasPrefix("gate.example/log\n3\n"))
            #expect(checkpoint.header("Content-Type") == "text/plain; charset=utf-8")
        }
    }

    @Test("opened, checkpoints and hashes need no token, entries still do")
    func opened() async throws {
        try await RunningConsole.run {
            $0.isTransparencyLogOpen = true
        } _: { console in
            try prepare(console)
            #expect(try await console.get("/tlog/checkpoint").status == 200)
            let tile = try await console.get("/tlog/tile/0/x001/002")
            #expect(tile.status == 200 && tile.header("Cache-Control") == "public, max-age=31536000, immutable")
            #expect(try await console.get("/tlog/tile/entries/000").status == 401)
            #expect(try await console.get("/tlog/tile/entries/000", as: "carol").status == 200)
        }
    }

    @Test(
        "no path leads out of the log's folder",
        arguments: [
            "/tlog/tile/../../key", "/tlog/tile/0/../../../key", "/tlog/tile/%2e%2e/%2e%2e/key",
            "/tlog/tile/..%2f..%2fkey",
            "/tlog/../key", "/tlog/tile//key", "/tlog/tile/0/..\\..\\key", "/tlog/tile/entries/%00",
            "/tlog/.state/state",
            "/tlog/tile/0/x001/002/../../../../../key", "//tlog/tile/0/x001/002",
        ])
    func traversal(path: String) async throws {
        try await RunningConsole.run {
            $0.isTransparencyLogOpen = true
        } _: { console in
            try prepare(console)
            let answer = try await console.raw(
                "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer carol-token\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 40"), "\(answer.prefix(100))")
            #expect(!answer.contains("private"))
        }
    }
}
