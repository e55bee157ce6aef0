import Crypto

/// All policies in force, compiled: an immutable snapshot that is swapped whole.
///
/// The language is Cedar (docs.cedarpolicy.com) without templates. Default deny, forbid beats permit, a policy that errs is
/// skipped. With one change: a forbid that errs denies, because what cannot be judged must not pass.
public struct PolicySet: Sendable {
    /// SHA-256 over the sources, in lowercase hexadecimal.
    public let digest: String
    /// What the set was made of, whole.
    public let sources: [PolicySource]
    /// In the order of sources and of policies in them.
    public let policies: [PolicyInfo]
    /// The attributes of `context` that any policy reads; a caller need not build others.
    public let contextKeys: Set<String>
    /// A policy uses `context` as a whole, so that all attributes count.
    public let readsWholeContext: Bool
    /// Off, a forbid that errs is skipped, as Cedar has it. For comparison with other engines only.
    public var erroringForbidDenies = true

    let compiled: [CompiledPolicy]
    let index: PolicyIndex
    let hierarchy: EntityHierarchy
    let lines: [LineTable]

    /// Reads and compiles policies. All that is wrong with any of the sources is reported at once.
    /// - Parameter entities: targets, action groups and whatever else does not change from request to request.
    public static func load(_ sources: [PolicySource], entities: EntityGraph = EntityGraph()) throws(PolicyErrors)
        -> PolicySet
    {
        try PolicySet(sources, entities)
    }

    private init(_ sources: [PolicySource], _ entities: EntityGraph) throws(PolicyErrors) {
        var syntaxes: [(syntax: PolicySyntax, annotations: ObligationAnnotations, lines: LineTable)] = []
        var errors: [PolicyError] = []
        var namedBefore: [EntityUID: SourcePosition] = [:]
        for source in sources {
            var parser = PolicyParser(source: source)
            let parsed = parser.parsePolicies()
            var ofFile = parsed.errors
            for syntax in parsed.policies {
                let annotations = ObligationAnnotations(syntax.annotations)
                ofFile += annotations.errors.map {
                    PolicyError(position: parser.lines.position(of: $0.offset), message: $0.message)
                }
                if let id = annotations.id {
                    let position = parser.lines.position(of: syntax.range.start)
                    if let before = namedBefore.updateValue(position, forKey: EntityUID(type: "", id: id)) {
                        ofFile.append(
                            PolicyError(position: position, message: "@id \(quoted(id)) is that of \(before) too"))
                    }
                }
                syntaxes.append((syntax, annotations, parser.lines))
            }
            errors += ofFile.sorted { $0.position < $1.position }
        }
        if !errors.isEmpty { throw PolicyErrors(errors) }

        let names = PolicyNames(syntaxes.map(\.syntax))
        let hierarchy = EntityHierarchy(entities.all, naming: names.entities)
        let compiler = ExpressionCompiler(hierarchy: hierarchy)
        var compiled: [CompiledPolicy] = []
        for (index, (syntax, annotations, lines)) in syntaxes.enumerated() {
            let position = lines.position(of: syntax.effectRange.start)
            let id = PolicyID(index: index, name: annotations.id ?? "\(position.file):\(position.line)")
            compiled.append(CompiledPolicy(id, syntax, annotations, compiler))
        }
        var typeSymbols: [String: Symbol] = [:]
        for type in names.scopeTypes {
            typeSymbols[type] = hierarchy.symbols.find(PolicyNames.symbolName(ofType: type))
        }
        self.hierarchy = hierarchy
        self.compiled = compiled
        lines = syntaxes.map(\.lines)
        index = PolicyIndex(compiled, typeSymbols)
        contextKeys = names.contextKeys
        readsWholeContext = names.readsWholeContext
        digest = Self.digest(of: sources)
        self.sources = sources
        policies = zip(compiled, lines).map { policy, lines in
            PolicyInfo(
                id: policy.id, effect: policy.syntax.effect,
                annotations: policy.syntax.annotations.map { .init(name: $0.name, value: $0.value) },
                position: lines.position(of: policy.syntax.effectRange.start), obligations: policy.obligations)
        }
    }

    /// What ``digest`` is of these sources. Names and texts are each hashed with their length, so that no two lists of sources read the same.
    public static func digest(of sources: [PolicySource]) -> String {
        var hash = SHA256()
        for part in sources.flatMap({ [$0.name, $0.text] }) {
            let bytes = Array(part.utf8)
            withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: bytes)
        }
        return hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }.joined()
    }
}

/// What is to be known about one policy of a set.
public struct PolicyInfo: Sendable {
    public struct Annotation: Sendable, Hashable {
        public let name: String
        /// Empty where it has none.
        public let value: String
    }
    public let id: PolicyID
    public let effect: PolicyEffect
    public let annotations: [Annotation]
    /// Of the word `permit` or `forbid`.
    public let position: SourcePosition
    public let obligations: Obligations

    public func annotation(_ name: String) -> String? { annotations.first { $0.name == name }?.value }
}
