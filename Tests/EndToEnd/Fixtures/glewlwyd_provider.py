"""Runs Glewlwyd, Debian's OpenID provider, on a loopback port, with a client and people as the suites expect them.

usage: glewlwyd_provider.py PORT FOLDER

Prints `ready` once it answers. alice has the group payments, dave has none; everybody's password is `password`.
The plugin is called `op`, so the issuer is http://127.0.0.1:PORT/api/op.
"""

import ctypes
import gzip
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DOC = pathlib.Path("/usr/share/doc/glewlwyd")


def die_with_parent() -> None:
    """So that no server is left when a test run is killed."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


def configuration(port: int, folder: pathlib.Path) -> pathlib.Path:
    sample = gzip.decompress((DOC / "glewlwyd.conf.sample.gz").read_bytes()).decode()
    changes = {
        "port": str(port),
        "external_url": f'"http://127.0.0.1:{port}"',
        "cookie_domain": '"127.0.0.1"',
        "cookie_secure": "0",
        "log_level": '"WARNING"',
        "static_files_path": f'"{folder}"',
    }
    lines = []
    for line in sample.splitlines():
        name = line.split("=")[0].strip()
        if name in changes:
            line = f"{name}={changes.pop(name)}"
        lines.append(line.replace("/var/cache/glewlwyd/glewlwyd.db", str(folder / "glewlwyd.db")))
    lines.append('bind_address="127.0.0.1"')
    path = folder / "glewlwyd.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def signing_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def provider(base: str) -> dict:
    private, public = signing_key()
    return {
        "module": "oidc",
        "name": "op",
        "display_name": "OpenID Connect",
        "enabled": True,
        "parameters": {
            "iss": f"{base}/api/op",
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "key": private,
            "cert": public,
            "access-token-duration": 3600,
            "refresh-token-duration": 1209600,
            "code-duration": 600,
            "refresh-token-rolling": True,
            "allow-non-oidc": True,
            "auth-type-code-enabled": True,
            "auth-type-token-enabled": False,
            "auth-type-id-token-enabled": True,
            "auth-type-none-enabled": False,
            "auth-type-password-enabled": False,
            "auth-type-client-enabled": False,
            "auth-type-refresh-enabled": True,
            "auth-type-device-enabled": True,
            "device-authorization-expiration": 600,
            "device-authorization-interval": 1,
            "pkce-allowed": True,
            "pkce-required": True,
            "pkce-method-plain-allowed": False,
            "subject-type": "public",
            "email-claim": "mandatory",
            "name-claim": "no",
            "scope-claim": "no",
            "claims": [{"name": "groups", "user-property": "groups", "type": "string", "mandatory": True}],
            "scope": [],
            "additional-parameters": [],
        },
    }


class Administration:
    def __init__(self, base: str):
        self.base = base
        self.session = requests.Session()
        self.call("POST", "/auth/", {"username": "admin", "password": "password"})

    def call(self, method: str, path: str, body: dict | None = None):
        answer = self.session.request(method, f"{self.base}/api{path}", json=body, timeout=20)
        if not answer.ok:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.text else None


def set_up(base: str) -> None:
    admin = Administration(base)
    admin.call("POST", "/mod/plugin/", provider(base))
    users = admin.call("GET", "/mod/user/database")
    users["parameters"]["data-format"]["groups"] = {"multiple": True, "read": True, "write": True}
    admin.call("PUT", "/mod/user/database", users)
    admin.call("PUT", "/mod/user/database/reset/")
    admin.call(
        "POST",
        "/client/?source=database",
        {
            "client_id": "sallyport",
            "name": "Sallyport",
            "enabled": True,
            "confidential": False,
            "authorization_type": ["code", "device_authorization", "refresh_token"],
            "redirect_uri": ["http://127.0.0.1/callback"],
            "scope": ["openid"],
        },
    )
    for name, groups in (("alice", ["payments", "oncall"]), ("dave", [])):
        admin.call(
            "POST",
            "/user/?source=database",
            {
                "username": name,
                "name": name.title(),
                "email": f"{name}@example.com",
                "password": "password",
                "enabled": True,
                "scope": ["openid"],
                "groups": groups,
            },
        )


def main() -> None:
    port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    database = sqlite3.connect(folder / "glewlwyd.db")
    database.executescript(gzip.decompress((DOC / "database/init.sqlite3.sql.gz").read_bytes()).decode())
    database.commit()
    database.close()
    server = subprocess.Popen(
        ["glewlwyd", f"--config-file={configuration(port, folder)}"], preexec_fn=die_with_parent
    )
    base = f"http://127.0.0.1:{port}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A test's thread starts this with its own signal mask, which holds SIGTERM back.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        for _ in range(200):
            try:
                requests.get(f"{base}/config/", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        set_up(base)
        print("ready", flush=True)
        server.wait()
    finally:
        server.kill()


if __name__ == "__main__":
    main()
