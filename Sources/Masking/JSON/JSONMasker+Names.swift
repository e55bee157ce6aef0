import StrictJSON

/// Member names of the JSON masker: what they say of their values, duplicates, and values in names.
extension JSONMasker {
    mutating func takeName(_ bytes: UnsafeRawBufferPointer, _ position: Int) throws(JSONMaskingFailure) {
        if tokenizer.isContinuation {
            collect(bytes, position)
            let whole = collected
            collected.removeAll(keepingCapacity: true)
            // Where the name began, in a chunk that is gone.
            let start = tokenizer.offset + (position - tokenizer.tokenStart) - whole.count
            let failure: JSONMaskingFailure? = whole.withUnsafeBytes { raw in
                do throws(JSONMaskingFailure) {
                    if let masked = try enterMember(
                        UnsafeRawBufferPointer(rebasing: raw[1..<raw.count - 1]), at: start)
                    {
                        writer.output.write(masked)
                    } else {
                        writer.output.write(raw)
                    }
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { throw failure }
        } else {
            let raw = UnsafeRawBufferPointer(rebasing: bytes[tokenizer.tokenStart + 1..<position - 1])
            if let masked = try enterMember(raw, at: tokenizer.offset) {
                writer.output.endRun(at: tokenizer.tokenStart, next: position, in: bytes)
                writer.output.write(masked)
            }
        }
    }

    /// Takes note of a member's name. Returns what stands for it, with quotes, if a detector finds something in it.
    ///
    /// - Parameter offset: Where the name starts in the document.
    private mutating func enterMember(
        _ raw: UnsafeRawBufferPointer, at offset: Int
    ) throws(JSONMaskingFailure) -> [UInt8]? {
        guard tokenizer.hasEscape else { return try enterMember(unescaped: raw, at: offset) }
        var name: [UInt8] = []
        JSONStringDecoder.decode(raw, into: &name)
        let result: Result<[UInt8]?, JSONMaskingFailure> = name.withUnsafeBytes { bytes in
            Result { () throws(JSONMaskingFailure) in try enterMember(unescaped: bytes, at: offset) }
        }
        return try result.get()
    }

    private mutating func enterMember(
        unescaped name: UnsafeRawBufferPointer, at offset: Int
    ) throws(JSONMaskingFailure) -> [UInt8]? {
        let hash = NameHash.hash(name)
        let frame = frames.count - 1
        guard allowsDuplicateNames || names.insert(hash, &frames[frame].names) else { throw .duplicateName(offset) }
        let meaning = lookup.meaning(of: name, hash: hash)
        memberRule = meaning.rule
        memberPathID = meaning.pathID
        memberContext = meaning.inheritsContext ? meaning.context.union(frames[frame].context) : meaning.context
        writer.originals?.place?.member(name)
        guard plan.hasDetectors, name.count >= 4,
            tokenizer.hasUnicodeEscape || tokenizer.digitCount >= fewestDigits || (scansForAt && tokenizer.hasAt)
        else { return nil }
        // Until it is known what leaves, the path must not hold the name: it would be told of the name's own original.
        writer.originals?.place?.member("(name)".utf8)
        let found = writer.maskText(name, scanner: scanner)
        writer.originals?.place?.member(found.map { $0[...] } ?? Array(name)[...])
        guard var masked = found else { return nil }
        // Numbered within an object from the second on, so that names stay unique.
        frames[frame].maskedNames += 1
        if frames[frame].maskedNames > 1 { masked.append(contentsOf: "#\(frames[frame].maskedNames)".utf8) }
        JSONStringEscaping.escape(&masked)
        return [UInt8(ascii: "\"")] + masked + [UInt8(ascii: "\"")]
    }
}
