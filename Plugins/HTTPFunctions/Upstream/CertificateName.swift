import NIOCore
import NIOSSL

/// Whether a certificate is for a name (RFC 9525 section 6): the TLS library takes one for the peer's address as well,
/// whatever name was configured, and wildcards that stand for a part of a label.
///
/// The chain is the library's to verify; here only names are compared.
enum CertificateName {
    /// - Parameters:
    ///   - presented: The certificate's alternative names of the kind dNSName.
    ///   - name: The host name that is wanted, in ASCII.
    static func matches(_ presented: some Sequence<[UInt8]>, _ name: String) -> Bool {
        let wanted = labels(Array(name.utf8))
        guard !wanted.contains(where: \.isEmpty) else { return false }
        return presented.contains { isMatch(labels($0), wanted) }
    }

    /// The labels between the dots, in lower case; a dot at the end is the root's.
    private static func labels(_ name: [UInt8]) -> [[UInt8]] {
        let name = name.last == UInt8(ascii: ".") ? name.dropLast() : name[...]
        return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
            $0.map(\.asciiLowercased)
        }
    }

    /// A wildcard is all of the left-most label, and stands for one whole label (section 6.3).
    private static func isMatch(_ presented: [[UInt8]], _ wanted: [[UInt8]]) -> Bool {
        guard presented.count == wanted.count else { return false }
        guard presented.first == [UInt8(ascii: "*")] else { return presented == wanted }
        // `*` alone and `*.com` would be for everybody.
        return presented.count > 2 && presented.dropFirst() == wanted.dropFirst()
    }

    /// - Throws: `UpstreamFailure.tls` when `certificate` is not for `name`.
    static func check(_ certificate: NIOSSLCertificate?, for name: String) throws(UpstreamFailure) {
        guard let certificate else { throw .tls("it showed no certificate") }
        let names = certificate._subjectAlternativeNames().filter { $0.nameType == .dnsName }.map {
            $0.contents.withUnsafeBufferPointer { Array($0) }
        }
        guard matches(names, name) else { throw .tls("its certificate is not for the name \(name)") }
    }
}
