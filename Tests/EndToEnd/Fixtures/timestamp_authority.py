"""A time-stamping authority (RFC 3161) for tests: its own certificate authority, and `openssl ts -reply` behind HTTP."""

import argparse
import http.server
import pathlib
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", type=pathlib.Path, required=True)
parser.add_argument("--answer", choices=["right", "of-other-bytes", "refused", "nonsense", "error"], default="right")
given = parser.parse_args()
folder = given.folder
folder.mkdir(exist_ok=True)

CONFIGURATION = f"""
[req]
distinguished_name = name
prompt = no
[name]
CN = authority
[ca]
basicConstraints = critical,CA:true
[stamper]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_alg = sha256
"""


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True, capture_output=True).stdout


if not (folder / "tsa.pem").exists():
    (folder / "openssl.cnf").write_text(CONFIGURATION)
    (folder / "serial").write_text("01\n")
    new = ("req", "-config", folder / "openssl.cnf", "-newkey", "rsa:2048", "-nodes", "-sha256")
    openssl(*new, "-x509", "-extensions", "ca", "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "2")
    openssl(*new, "-subj", "/CN=stamper", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
    openssl(
        *("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key"),
        *("-CAcreateserial", "-days", "2", "-extfile", folder / "openssl.cnf", "-extensions", "stamper"),
        *("-out", folder / "tsa.pem"),
    )


class Authority(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/timestamp-query" or given.answer == "error":
            self.send_error(500)
            return
        if given.answer == "of-other-bytes":
            query = openssl("ts", "-query", "-sha256", "-cert", "-no_nonce", "-data", sys.argv[0])
        if given.answer == "refused":
            # An algorithm that the authority does not take.
            query = openssl("ts", "-query", "-sha512", "-cert", "-no_nonce", "-data", sys.argv[0])
        path = folder / "query.tsq"
        path.write_bytes(query)
        configuration = folder / "openssl.cnf"
        reply = openssl("ts", "-reply", "-config", configuration, "-section", "authority", "-queryfile", path)
        if given.answer == "nonsense":
            reply = reply[: len(reply) // 2]
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


http.server.HTTPServer(("127.0.0.1", given.port), Authority).serve_forever()
