import HTTPTypes
import Hummingbird

/// What browsers are told with every answer.
enum SecurityHeaders {
    static func add(to response: inout Response, isEncrypted: Bool) {
        for (name, value) in fields where response.headers[name] == nil { response.headers[name] = value }
        if isEncrypted { response.headers[.strictTransportSecurity] = "max-age=31536000" }
    }

    private static let fields: [(HTTPField.Name, String)] =
        [
            // There is no script at all; styles are one file of ours.
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            // Not `no-referrer`: with that, browsers send `Origin: null` with the forms of our own pages.
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ("Cache-Control", "no-store"),
        ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
