import Foundation
import NIOHTTP1

/// Objects that are put in parts (S3's multipart upload).
extension ObjectStore {
    /// Puts evidence under lock, in one request where it has one part; returns when the store has all of it.
    func put(_ key: String, _ parts: [EvidencePart], type: String) async throws(SinkError) {
        if parts.count == 1 { return try await put(key, .evidence(parts[0]), type: type) }
        let path = path(of: key)
        let upload = try await begin(path, type: type)
        do {
            var tags: [String] = []
            for (index, part) in parts.enumerated() {
                tags.append(try await put(part, number: index + 1, of: upload, path))
            }
            try await complete(upload, path, zip(parts, tags).map { ($0, $1) })
        } catch {
            // Parts of an upload that came to nothing would be kept, and cost something, for ever.
            _ = try? await execute(.DELETE, "\(path)?uploadId=\(upload)", fields: [], .bytes([]))
            throw error
        }
    }

    /// - Returns: The upload's id, percent-encoded.
    private func begin(_ path: String, type: String) async throws(SinkError) -> String {
        let (answer, text) = try await execute(
            .POST, "\(path)?uploads=",
            fields: [("Content-Type", type), ("x-amz-checksum-algorithm", "SHA256")] + lock, .bytes([]))
        guard answer.status == .ok else { throw Self.failure(answer, text, "upload of \(path)") }
        let unreserved = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: " "..."~"))
            .union(CharacterSet(charactersIn: "-._~"))
        guard let found = text.firstMatch(of: /<UploadId>([^<]+)<\/UploadId>/),
            let id = String(found.1).addingPercentEncoding(withAllowedCharacters: unreserved)
        else { throw .refused("the store gave the upload of \(path) no id") }
        return id
    }

    /// - Returns: The part's entity tag.
    private func put(
        _ part: EvidencePart, number: Int, of upload: String, _ path: String
    ) async throws(SinkError) -> String {
        let (answer, text) = try await execute(
            .PUT, "\(path)?partNumber=\(number)&uploadId=\(upload)", fields: [Self.checksum(of: .evidence(part))],
            .evidence(part))
        guard answer.status == .ok, let tag = answer.headers.first(name: "ETag") else {
            throw Self.failure(answer, text, "PUT of part \(number) of \(path)")
        }
        return tag
    }

    private func complete(
        _ upload: String, _ path: String, _ parts: [(part: EvidencePart, tag: String)]
    ) async throws(SinkError) {
        var list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, (part, tag)) in parts.enumerated() {
            let tag = tag.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            list += "<Part><ETag>\(tag)</ETag><PartNumber>\(index + 1)</PartNumber>"
            list += "<ChecksumSHA256>\(Data(part.digest).base64EncodedString())</ChecksumSHA256></Part>"
        }
        list += "</CompleteMultipartUpload>"
        let (answer, text) = try await execute(
            .POST, "\(path)?uploadId=\(upload)", fields: [("Content-Type", "application/xml")], .bytes(Array(list.utf8))
        )
        // A store that is long in putting the parts together has said 200 by then.
        guard answer.status == .ok, !text.contains("<Error>") else {
            throw Self.failure(answer, text, "upload of \(path)")
        }
        try requireVersion(answer)
        try await requireLock(path)
    }

    /// Not every store heeds what an upload said at its beginning.
    private func requireLock(_ path: String) async throws(SinkError) {
        let (answer, text) = try await execute(.HEAD, path, fields: [], .bytes([]))
        guard answer.status == .ok else { throw Self.failure(answer, text, "HEAD of \(path)") }
        guard answer.headers.first(name: "x-amz-object-lock-mode") == "COMPLIANCE" else {
            throw .refused("the store does not lock objects that are put in parts: \(path) can be deleted")
        }
    }
}
