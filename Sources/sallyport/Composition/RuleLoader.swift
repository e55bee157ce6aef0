import Crypto
import Foundation
import GatewayCore
import Masking
import Policy

/// Loads what commands are judged by: policies and masking rules, together, so that they always fit each other.
struct RuleLoader: Sendable {
    let configuration: GatewayConfiguration
    let registry: AdapterRegistry
    let pseudonymKey: SymmetricKey

    /// - Throws: `RuleError` with every finding; nothing half-loaded comes out.
    func load() throws(RuleError) -> RuleSnapshot {
        let entities = Vocabulary.entities(targets: configuration.targets, registry: registry)
        let catalog: MaskingCatalog
        do {
            catalog = try MaskingCatalog(ruleSets: configuration.maskingRuleSets, pseudonymKey: pseudonymKey)
        } catch {
            throw RuleError(findings: ["masking: \(error)"])
        }
        let policy = try load(configuration.policy.patterns, entities)
        let candidate =
            configuration.policy.candidatePatterns.isEmpty
            ? nil : try load(configuration.policy.candidatePatterns, entities)
        // A mask that nobody defines would be found at the first call; better now.
        var findings: [String] = []
        for info in policy.policies {
            for name in info.obligations.masks where !catalog.ruleSetNames.contains(name) {
                let known = catalog.ruleSetNames.joined(separator: ", ")
                findings.append(
                    "\(info.position): @mask names \"\(name)\", which is no masking rule set (known: \(known))")
            }
        }
        guard findings.isEmpty else { throw RuleError(findings: findings) }
        return RuleSnapshot(
            policy: policy, mode: configuration.policy.mode, candidate: candidate, masking: catalog,
            recording: configuration.recording)
    }

    private func load(_ patterns: [String], _ entities: EntityGraph) throws(RuleError) -> PolicySet {
        let sources = try Self.sources(patterns, in: configuration.baseDirectory)
        do {
            return try PolicySet.load(sources, entities: entities)
        } catch {
            throw RuleError(findings: error.errors.map(\.description))
        }
    }

    /// The files that `patterns` name, in the order of their names.
    static func sources(_ patterns: [String], in folder: String) throws(RuleError) -> [PolicySource] {
        var paths: [String] = []
        for pattern in patterns {
            let found = files(matching: GatewayConfiguration.resolve(pattern, from: folder))
            guard !found.isEmpty else { throw RuleError(findings: ["\(pattern): there is no such policy file"]) }
            paths += found.filter { !paths.contains($0) }
        }
        var sources: [PolicySource] = []
        for path in paths {
            guard let data = FileManager.default.contents(atPath: path),
                let text = String(validating: Array(data), as: UTF8.self)
            else { throw RuleError(findings: ["\(path): cannot be read as UTF-8 text"]) }
            let name = path.hasPrefix("\(folder)/") ? String(path.dropFirst(folder.count + 1)) : path
            sources.append(PolicySource(name: name, text: text))
        }
        return sources
    }

    /// `*` in the last component stands for any part of a file name.
    private static func files(matching path: String) -> [String] {
        guard let slash = path.lastIndex(of: "/") else { return [] }
        let folder = String(path[..<slash])
        let parts = path[path.index(after: slash)...].split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return FileManager.default.fileExists(atPath: path) ? [path] : [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { matches($0, parts) }.sorted().map { "\(folder)/\($0)" }
    }

    private static func matches(_ name: String, _ parts: [Substring]) -> Bool {
        guard let first = parts.first, let last = parts.last, name.hasPrefix(first), name.hasSuffix(last),
            name.count >= first.count + last.count
        else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}

/// Why rules could not be loaded; those in force stay.
struct RuleError: Error, CustomStringConvertible {
    /// One a line, with file, line and column where there is one.
    let findings: [String]

    var description: String { findings.joined(separator: "\n") }
}
