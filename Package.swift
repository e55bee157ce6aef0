// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The layout is the architecture. A module may import only what stands here as its dependency, and
// every dependency points downward; Tests/ArchitectureTests reads this graph and holds it to that.

let package = Package(
    name: "sallyport",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sallyport", targets: ["sallyport"]),
        // For the tests of adapters that others write.
        .library(name: "AdapterTestKit", targets: ["AdapterTestKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: []
)

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let sqlite = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A module under `Sources/`, with `Tests/<name>Tests` as its suite where that folder exists.
@MainActor
func module(_ name: String, _ dependencies: [Target.Dependency] = [], testedWith more: [Target.Dependency] = []) {
    package.targets.append(.target(name: name, dependencies: dependencies))
    suite("\(name)Tests", testing: [.byName(name: name)] + dependencies + more)
}

@MainActor
func suite(_ name: String, testing dependencies: [Target.Dependency]) {
    guard FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Tests/\(name)") else { return }
    package.targets.append(
        .testTarget(
            name: name, dependencies: dependencies,
            resources: FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Tests/\(name)/Fixtures")
                ? [.copy("Fixtures")] : []))
}

func folders(in path: String) -> [String] {
    let entries = try? FileManager.default.contentsOfDirectory(atPath: "\(Context.packageDirectory)/\(path)")
    return (entries ?? []).filter { !$0.hasPrefix(".") }.sorted()
}

// Level 0: words that everything speaks.
module("Identifiers")
module("StrictJSON")
module("Markup")
module("ConfigFile", ["Identifiers", "StrictJSON", yams])
// What people prove themselves with over SSH: keys, certificates and the signatures of both.
module("SSHCredentials", [crypto, cryptoExtras], testedWith: ["KeygenWorkshop"])
// For tests of what reads keys and certificates: makes them with the real ssh-keygen.
package.targets.append(
    .target(name: "KeygenWorkshop", dependencies: ["SSHCredentials"], path: "Tests/KeygenWorkshop"))

// How requests to AWS, and to what speaks like it, are signed.
module("SigV4", ["Identifiers", crypto])

// Level 1: each usable and testable by itself, without sockets.
module("Store", ["Identifiers", sqlite])
module(
    "Identity",
    [
        "Identifiers", "StrictJSON", "SSHCredentials", crypto, cryptoExtras, jwt, httpClient, nioCore, nioFoundation,
        logging,
    ])
module("Policy", ["StrictJSON", crypto])
module("Masking", ["Identifiers", "StrictJSON", crypto, nioCore], testedWith: [nioEmbedded])
// What processors and kernels can do and Swift has no names for.
module("CPlatform")
module("Audit", ["Identifiers", "CPlatform", "StrictJSON", crypto, logging, lifecycle])
module("ExaminerReport", ["Identifiers", "StrictJSON", "Markup", "Audit"])
// Files of evidence, sealed under keys that can be destroyed.
module("Vault", ["Identifiers", "StrictJSON", crypto])
module("Originals", ["Identifiers", "StrictJSON", "Masking", "Vault", crypto, nioCore], testedWith: [nioEmbedded])
module("Recording", ["Identifiers", "StrictJSON", "Vault", crypto])
module("Retention", ["Identifiers", "StrictJSON", "Vault", crypto])
module("Approvals", ["Identifiers", "StrictJSON", "Store", "Identity", sqlite, crypto, httpClient, logging, lifecycle])

// Level 2: the session manager and the contract that adapters keep.
module(
    "GatewayCore",
    [
        "Identifiers", "StrictJSON", "ConfigFile", "Store", "SSHCredentials", "Identity", "Policy", "Masking", "Audit",
        "Originals", "Recording", "Vault", "Approvals", nioCore, crypto, sqlite, logging, lifecycle,
    ], testedWith: ["AdapterTestKit", nioPosix])

// Level 3: what stands around the core.
module("TLSFiles", ["ConfigFile", nioSSL])
// What leaves the machine: the log in the formats that others read, and the places that it goes to as it grows.
module("AuditExport", ["Audit", "Identifiers", "StrictJSON", crypto])
module(
    "AuditSinks",
    [
        "AuditExport", "Audit", "Identifiers", "StrictJSON", "SigV4", "Vault", crypto, httpClient, nioCore, nioPosix,
        nioFoundation, nioHTTP1, nioSSL, nioTLS, logging, lifecycle,
    ])
// For tests of adapters only: nothing that runs may need it, and Tests/ArchitectureTests holds it to that.
module(
    "AdapterTestKit",
    [
        "GatewayCore", "Identifiers", "StrictJSON", "ConfigFile", "Store", "Identity", "Policy", "Masking", "Audit",
        "Recording", "Approvals", nioCore, crypto, logging, lifecycle,
    ], testedWith: [nioPosix])
module(
    "Console",
    [
        "GatewayCore", "Approvals", "Identifiers", "Identity", "Markup", "StrictJSON", crypto, httpClient, hummingbird,
        .product(name: "HummingbirdTLS", package: "hummingbird"), nioCore, logging, lifecycle,
    ], testedWith: ["SSHCredentials"])
module("LocalIssuer", ["Markup", "StrictJSON", hummingbird, jwt, crypto, logging, lifecycle])

// Adapters: a folder under Plugins/ is an adapter. Each gets the core, what lies below it, the network kit and the
// system libraries that stand under Sources/ as module maps (C…); none gets another adapter.
let systemLibraries = folders(in: "Sources").filter {
    FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Sources/\($0)/module.modulemap")
}
for library in systemLibraries {
    package.targets.append(.systemLibrary(name: library))
}
let adapters = folders(in: "Plugins")
for adapter in adapters {
    let dependencies: [Target.Dependency] =
        [
            "GatewayCore", "TLSFiles", "Identifiers", "StrictJSON", "ConfigFile", "SSHCredentials", "SigV4", "Identity",
            "Masking",
            "Policy", "Approvals", "Recording", nioCore, nioPosix, nioFoundation, nioTLS, nioSSL, nioHTTP2, crypto,
            cryptoExtras,
            jwt, httpClient, logging, lifecycle,
        ] + systemLibraries.map { .byName(name: $0) }
    package.targets.append(
        .target(name: adapter, dependencies: dependencies, path: "Plugins/\(adapter)"))
    suite(
        "\(adapter)Tests",
        testing: [.byName(name: adapter), "AdapterTestKit", "KeygenWorkshop", nioEmbedded, nioHTTP1] + dependencies)
}

// Level 4: the executable, the only place that names the adapters.
package.targets.append(
    .executableTarget(
        name: "sallyport",
        // The system libraries only because the compiler wants to see the modules of what it links.
        dependencies: (adapters + systemLibraries).map { .byName(name: $0) } + [
            "GatewayCore", "Console", "TLSFiles", "LocalIssuer", "ConfigFile", "StrictJSON", "Identifiers", "Audit",
            "Policy", "Approvals", "Originals", "Recording", "Vault", "Retention", "ExaminerReport", "SSHCredentials",
            "Identity", "Masking", "Store", "AuditExport", "AuditSinks", hummingbird, arguments, httpClient, logging,
            lifecycle, nioSSL, nioPosix, crypto,
        ]))

// Suites that look at the whole: the built executable against real servers, and the layout itself.
suite("EndToEnd", testing: ["sallyport", "Audit", "GatewayCore", "Identifiers", "StrictJSON"])
suite("ArchitectureTests", testing: [])
suite(
    "CommandTests",
    testing: [
        "sallyport", "GatewayCore", "Audit", "ConfigFile", "Identifiers", "Identity", "Masking", "Policy", "StrictJSON",
        crypto, logging,
    ])

// Benchmarks that run inside a process; `make bench` builds them in release.
let benchmarks: [(name: String, folder: String, modules: [Target.Dependency])] = [
    ("policy-benchmark", "PolicyBenchmark", ["Policy"]),
    ("audit-benchmark", "AuditBenchmark", ["Audit", "GatewayCore", "Identifiers"]),
    ("relay-benchmark", "RelayBenchmark", [nioCore, nioPosix]),
]
for (name, folder, modules) in benchmarks
where FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Benchmarks/\(folder)/main.swift") {
    package.targets.append(
        .executableTarget(
            name: name,
            dependencies: modules + ["StrictJSON", "Identifiers", crypto, logging],
            path: "Benchmarks/\(folder)"))
}

// Coverage-guided fuzzing, which `make fuzz` builds on its own: it wants modules built for testing and with instrumentation.
if Context.environment["SALLYPORT_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "postgres-fuzzer", dependencies: ["PostgresWire", "Masking", crypto, nioCore],
            path: "Fuzzing/PostgresFuzzer"))
    package.targets.append(
        .executableTarget(
            name: "ssh-fuzzer", dependencies: ["SSHExec", "SSHCredentials", nioCore], path: "Fuzzing/SSHFuzzer"))
}

// A warning is a mistake that somebody has not looked at yet.
for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
}
