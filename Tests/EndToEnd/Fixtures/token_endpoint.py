"""An OAuth 2.0 token endpoint that answers as it is told, and remembers what it was asked.

POST /token: client credentials (RFC 6749 section 4.4) or a JWT bearer assertion (RFC 7523), which it verifies.
POST /behave {"mode": …, "expires_in": …}: from now on. GET /asked: every request to /token so far, with the ID token made for it.
"""

import argparse
import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

behaviour = {"mode": "good", "expires_in": 3600}
asked: list[dict] = []


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def assertion(text: str) -> dict:
    """The claims of a signed assertion, with whether its signature is that of the account's key."""
    head, claims, signature = text.split(".")
    with open(options.public_key, "rb") as file:
        key = serialization.load_pem_public_key(file.read())
    try:
        key.verify(unpadded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        is_signed = json.loads(unpadded(head))["alg"] == "RS256"
    except InvalidSignature:
        is_signed = False
    return json.loads(unpadded(claims)) | {"is_signed": is_signed}


def id_token(number: int) -> str:
    parts = [{"alg": "none"}, {"n": number, "exp": int(time.time()) + behaviour["expires_in"]}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + ".c2ln"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def answer(self, status: int, body: bytes, **fields: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer(200, json.dumps(asked).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/behave":
            behaviour.update(json.loads(body))
            return self.answer(200, b"{}")
        form = dict(parse_qsl(body.decode()))
        if "assertion" in form:
            form["assertion"] = assertion(form["assertion"])
        number = len(asked) + 1
        said = {"path": self.path, "authorization": self.headers.get("Authorization"), "form": form}
        good = {
            "access_token": f"token-{number}",
            "token_type": "Bearer",
            "expires_in": behaviour["expires_in"],
            "id_token": id_token(number),
        }
        asked.append(said | {"id_token": good["id_token"]})
        match behaviour["mode"]:
            case "good":
                # Long enough for other calls to come while the token is on its way.
                time.sleep(0.2)
                self.answer(200, json.dumps(good).encode())
            case "refuses":
                said = {"error": "invalid_client", "error_description": f"not {self.headers.get('Authorization')}"}
                self.answer(401, json.dumps(said).encode())
            case "fails":
                self.answer(500, b"<html>oops</html>")
            case "garbage":
                self.answer(200, b"access_token=t")
            case "empty":
                self.answer(200, json.dumps(good | {"access_token": "", "id_token": ""}).encode())
            case "mac":
                self.answer(200, json.dumps(good | {"token_type": "mac", "id_token": None}).encode())
            case "redirects":
                self.answer(307, b"", Location="/elsewhere")
            case "stops":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"{")
                self.wfile.flush()
                time.sleep(300)
            case "hangs-up":
                self.close_connection = True


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--public-key")
options = parser.parse_args()
ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
