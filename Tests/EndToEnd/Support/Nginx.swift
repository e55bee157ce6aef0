import Foundation

/// A real nginx in a folder of its own that goes away with it.
final class Nginx: Sendable {
    let folder: URL
    let port: Int
    private let process: RunningProcess

    /// - Parameters:
    ///   - listen: What stands behind the port in `listen`, e.g. `ssl`.
    ///   - server: More of the `server` block.
    init(listen: String = "", server: String) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("html"), withIntermediateDirectories: true)
        port = try Tools.freePort()
        let configuration = """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log stderr;
            events {}
            http {
                access_log access.log;
                types { application/json json; text/plain txt; image/png png; }
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                server {
                    listen 127.0.0.1:\(port) \(listen);
                    root \(folder.path)/html;
                    \(server)
                }
            }
            """
        try configuration.write(
            to: folder.appendingPathComponent("nginx.conf"), atomically: true, encoding: .utf8)
        // Its files are read by the account that nginx changes to where root starts it.
        for path in [folder.path, "\(folder.path)/html"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        process = try RunningProcess(
            try Tools.system("nginx"), ["-p", folder.path, "-c", "nginx.conf", "-e", "stderr"], in: folder)
        try await Tools.waitForPort(port, of: process)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func serve(_ name: String, _ content: String) throws {
        try Data(content.utf8).write(to: folder.appendingPathComponent("html/\(name)"))
    }

    /// Requests that it has answered, one line each.
    var accessLog: String {
        (try? String(contentsOf: folder.appendingPathComponent("access.log"), encoding: .utf8)) ?? ""
    }
}
