"""A collector over HTTPS that has bad times: see --troubles. Keeps what it acknowledged, a line each, in a file."""
import argparse
import http.server
import json
import os
import ssl

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, required=True)
options.add_argument("--certificate", required=True)
options.add_argument("--key", required=True)
options.add_argument("--keep", required=True)
options.add_argument("--limit", type=int, default=1 << 20, help="bytes of a body; more is answered with 413")
options.add_argument("--troubles", default="", help="what the first requests get: 503, 429, drop, or die, by commas")
options = options.parse_args()
troubles = [trouble for trouble in options.troubles.split(",") if trouble]


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)) if "Content-Length" in self.headers else self.chunks()
        if self.headers["Authorization"] != "Bearer collector-secret":
            return self.answer(401)
        if len(body) > options.limit:
            return self.answer(413)
        trouble = troubles.pop(0) if troubles else None
        if trouble in ("503", "429"):
            return self.answer(int(trouble), "1" if trouble == "429" else None)
        if trouble == "drop":
            self.close_connection = True
            return
        if trouble == "die":
            os._exit(7)
        if self.headers["Content-Type"] == "application/json":
            lines = [json.dumps(event) for event in json.loads(body)]
        else:
            lines = body.decode("utf-8").splitlines()
            assert self.headers["Content-Type"] == "application/x-ndjson"
        with open(options.keep, "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
            file.write(json.dumps({"batch": self.headers["Idempotency-Key"], "lines": len(lines)}) + "\n")
        self.answer(202)

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status, retry=None):
        self.send_response(status)
        if retry:
            self.send_header("Retry-After", retry)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Collector)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(options.certificate, options.key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
