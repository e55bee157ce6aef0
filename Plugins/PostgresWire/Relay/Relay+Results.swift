import GatewayCore
import Identifiers
import Masking
import NIOCore

// How answers are masked: by what their columns are made from, and by what they hold.
extension Relay {
    /// How the rows of a result are treated; `nil` while the catalog is read, after which the message is looked at again.
    func treatment(of fields: [FieldDescription], _ command: RunningCommand) throws(ProtocolViolation) -> RowTreatment?
    {
        guard !command.masking.isEmpty else {
            command.answer?.describe(fields)
            return .inspected(nil)
        }
        try requireReadableEncoding()
        let lineage = command.statement?.lineage ?? .unknown
        var needs = CatalogNeeds()
        needs.types = Set(fields.map(\.typeOID).filter { ValueKind(oid: $0) == nil })
        if command.masking.selectsByName {
            needs.relationOIDs = Set(fields.map(\.tableOID).filter { $0 != 0 })
            if fields.contains(where: { $0.tableOID == 0 }) { needs.add(lineage.all, command.lookup.path) }
        }
        guard let known = catalog(needs, command) else { return nil }
        let computed = lineage.columns(fields.count) { known.columnNames(of: $0) }
        let columns = fields.enumerated().map { index, field in
            let origins: [ColumnOrigin]? =
                if !command.masking.selectsByName {
                    []
                } else if field.tableOID != 0 {
                    known.origins(ofColumn: field.column, in: field.tableOID)
                } else {
                    known.origins(of: computed[index])
                }
            return OutputColumn(
                names: CellNames(result: field.name, origins: origins ?? [.unknown]),
                kind: ValueKind(oid: field.typeOID) ?? known.findings.types[field.typeOID] ?? .other,
                format: field.format == 0 ? .text : .binary)
        }
        command.answer?.describe(fields)
        if let masking = ColumnMasking(command.masking, columns) { return .inspected(RowMasking(masking)) }
        return command.answer == nil ? .relayed : .inspected(nil)
    }

    /// As `treatment`, for the columns of a COPY; `nil` also where nothing of it is masked.
    func copyMasking(
        of response: CopyResponse, _ command: RunningCommand
    ) throws(ProtocolViolation) -> CopyMasking? {
        guard !command.masking.isEmpty else { return nil }
        try requireReadableEncoding()
        guard let statement = command.statement, let options = statement.copyOptions else {
            throw ProtocolViolation("copied data of a statement that cannot be read")
        }
        var needs = CatalogNeeds()
        needs.add(statement.lineage.all, command.lookup.path)
        guard let known = catalog(needs, command) else { return nil }
        let count = response.columnFormats.count
        let references = statement.lineage.columns(count) { name in
            known.relation(name).map { $0.columns.filter { !$0.isGenerated }.map(\.name) }
        }
        let columns = references.map { references in
            var kind: ValueKind?
            var name: String?
            // Of what a query computes the type is not known; what is no number is text in these formats.
            let named = references.filter { if case .field = $0 { false } else { true } }
            if named.count == 1, case .column(let relation, let column)? = named.first {
                name = column
                let oid = known.relation(relation)?.columns.first { $0.name.isExactly(column) }?.typeOID
                kind = oid.flatMap { ValueKind(oid: $0) ?? known.findings.types[$0] }
            }
            if options.relation == nil, options.format == .binary { kind = nil }
            return OutputColumn(
                names: CellNames(
                    result: name,
                    origins: command.masking.selectsByName ? known.origins(of: references) ?? [.unknown] : []),
                kind: kind ?? (options.format == .binary ? .other : .text),
                format: options.format == .binary ? .binary : .text)
        }
        guard let masking = ColumnMasking(command.masking, columns) else { return nil }
        return try CopyMasking(masking, options)
    }

    /// Why answers of this session cannot be masked, where they cannot.
    var whyNothingCanBeMasked: String? {
        if place.isReplication { return "what replication carries cannot be masked" }
        if !encoding.isASCIISafe { return "answers in the client encoding \(encoding.name) cannot be masked" }
        return nil
    }

    private func requireReadableEncoding() throws(ProtocolViolation) {
        guard encoding.isASCIISafe else {
            throw ProtocolViolation("an answer in the encoding \(encoding.name), which cannot be masked")
        }
    }

    /// The rule that a statement evades by copying what it masks; the answer comes later where the catalog has to be
    /// read first.
    ///
    /// - Parameter isFirst: The server looks at it a moment after it is judged, and at nothing before it.
    func ruleEvaded(by command: RunningCommand, isFirst: Bool, _ completion: @escaping (String?) -> Void) {
        guard command.masking.selectsByName else { return completion(nil) }
        guard let statement = command.statement, !statement.isOpaque else {
            // What cannot be read may copy anything to anywhere.
            return completion(command.masking.ruleNames.first)
        }
        let stored = statement.stored
        guard !stored.isEmpty else { return completion(nil) }
        var needs = CatalogNeeds()
        needs.add(stored, command.lookup.path)
        func judge(_ findings: CatalogFindings) {
            let isCertain = isFirst || keepsStill(findings.names(behind: needs), command)
            let known = isCertain ? known(findings, needs, command) : .unknown(types: [:])
            let names = CellNames(result: nil, origins: known.origins(of: stored) ?? [.unknown])
            completion(CellMasker(plan: command.masking)?.rule(for: names)?.name)
        }
        if let findings = place.catalog.known(needs) { return judge(findings) }
        hold = .catalog
        place.catalog.load(needs, on: services.eventLoop).assumeIsolated().whenComplete { [weak self] result in
            guard let self, !self.isClosed else { return completion("") }
            self.hold = nil
            judge((try? result.get()) ?? CatalogFindings())
            self.flushUpstream()
            self.pump()
        }
    }

    /// Has nobody change what a statement was judged by before it runs, since those before it may take their time, and
    /// so may its own message. One that is first is with the server before anybody could.
    ///
    /// - Returns: Whether nobody may have changed it by now.
    private func keepsStill(_ names: Set<String>, _ command: RunningCommand) -> Bool {
        let (catalog, commandID) = (place.catalog, command.commandID)
        guard catalog.keep(names, for: commandID, of: session.id, since: command.moment) else { return false }
        command.onEnd = { catalog.release(commandID) }
        return true
    }

    /// `nil` while it is being read.
    private func catalog(_ needs: CatalogNeeds, _ command: RunningCommand) -> KnownCatalog? {
        if let read = justRead {
            justRead = nil
            return known(read, needs, command)
        }
        if let findings = place.catalog.known(needs) { return known(findings, needs, command) }
        isUpstreamPaused = true
        place.catalog.load(needs, on: services.eventLoop).assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            // Of what could not be read nothing is known, so that everything is masked.
            self.justRead = (try? result.get()) ?? CatalogFindings()
            self.resumeUpstream()
        }
        return nil
    }

    /// What of the findings holds for the command, which was sent before or after they were read.
    private func known(_ findings: CatalogFindings, _ needs: CatalogNeeds, _ command: RunningCommand) -> KnownCatalog {
        let names = findings.names(behind: needs)
        // Once it is described, the server lets nobody change it until the transaction ends.
        guard !hasUncommittedDefinitions, !place.catalog.hasTouched(names, since: command.moment) else {
            return .unknown(types: findings.types)
        }
        return KnownCatalog(findings: findings, lookup: command.lookup)
    }

    // MARK: Copied data, errors

    func inspect(
        copied payload: ByteBuffer, _ masking: CopyMasking?, _ command: RunningCommand?
    ) throws(ProtocolViolation) -> Handling {
        guard let masking else {
            payload.withUnsafeReadableBytes { command?.answer?.append(copied: $0) }
            command?.responseBytes += payload.readableBytes + Frame.headerLength
            return .keep
        }
        var out = ByteBuffer()
        out.reserveCapacity(payload.readableBytes + payload.readableBytes / 4 + 64)
        out.writeInteger(MessageCode.copyData)
        out.writeInteger(Int32(0))
        try masking.mask(payload, into: &out)
        if let failure = masking.originalsFailure {
            if let command { loseOriginals(failure, of: command) }
            return .drop
        }
        guard out.readableBytes > Frame.headerLength else { return .drop }
        out.setInteger(Int32(out.readableBytes - 1), at: 1)
        out.withUnsafeReadableBytes {
            command?.answer?.append(copied: UnsafeRawBufferPointer(rebasing: $0[Frame.headerLength...]))
        }
        command?.responseBytes += out.readableBytes
        return .replace(out)
    }

    func finish(_ masking: CopyMasking?, _ command: RunningCommand?) throws(ProtocolViolation) -> Handling {
        try masking?.finish()
        if let masking { command?.masked = masking.counts }
        if let command, masking != nil, !sealOriginals(of: command) { return .drop }
        return .keep
    }

    /// What may be told of an error or a notice; `nil` while the catalog is read, after which the message is looked at
    /// again.
    func masked(_ fields: ErrorFields, _ command: RunningCommand?) -> MaskedMessage? {
        guard let command, !command.masking.isEmpty else { return .untouched }
        var relation: Relation?
        if command.masking.selectsByName, let name = ErrorMasking.keyRelation(fields) {
            guard let known = catalog(CatalogNeeds(relations: [name]), command) else { return nil }
            relation = known.findings.byName[name] ?? nil
        }
        guard
            var masking = ErrorMasking(
                command.masking, text: command.text, isOpaque: command.statement?.isOpaque ?? true, relation: relation)
        else { return .untouched }
        let masked = masking.mask(fields)
        // A statement may have notices without end.
        command.maskedInMessages = MaskCount.sum(command.maskedInMessages + masking.counts)
        return .masked(masked)
    }

    // MARK: Originals

    /// Has what was masked for the command sealed, before the caller hears that it is complete.
    ///
    /// - Returns: Whether that could be done; the session has ended otherwise.
    func sealOriginals(of command: RunningCommand) -> Bool {
        do throws(MaskingError) {
            try command.masking.sealOriginals()
            return true
        } catch {
            loseOriginals(OriginalsFailure(reason: "\(error)"), of: command)
            return false
        }
    }

    /// What is masked from here on would be lost to the auditors, so that nothing of it passes.
    func loseOriginals(_ failure: OriginalsFailure, of command: RunningCommand) {
        command.end(.interrupted, status: "originals not kept", reason: "\(failure)")
        place.cancelUpstream()
        fail(.originalsNotKept(failure), reason: "\(failure)")
    }
}

/// An error or a notice, as the caller may see it.
enum MaskedMessage {
    case untouched
    case masked(ErrorFields)
}

extension ColumnOrigin {
    /// Of a value that may come from anywhere.
    static let unknown = ColumnOrigin(schema: nil, table: nil, column: nil)
}

extension CatalogNeeds {
    /// - Parameter searchPath: `nil` where it is not certain; nothing can be known of names without a schema then.
    mutating func add(_ references: Set<ColumnReference>, _ searchPath: [String]?) {
        func qualified(_ names: Set<RelationName>) -> [QualifiedName] {
            names.flatMap { name in
                guard searchPath != nil || name.schema != nil else { return [QualifiedName]() }
                return KnownCatalog.schemas(name, searchPath ?? []).map { QualifiedName(schema: $0, name: name.name) }
            }
        }
        relations.formUnion(qualified(references.relations))
        functions.formUnion(qualified(references.functions))
    }
}
