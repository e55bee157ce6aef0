"""Runs Canaille, an OpenID provider in Python, on a loopback port, with a client and people as the suites expect them.

usage: canaille_provider.py PORT FOLDER KEYS REDIRECT [REDIRECT ...]

KEYS names the signing keys, e.g. `first` or `second,first`: the first signs, the others are only published. Started
again on the same folder it has the same people and keys, so that other KEYS are a rotation. Prints `ready` once it
listens. alice has the group payments, bob approver, dave none; everybody's password is `correct horse battery`.
"""

import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import tomlkit
from joserfc.jwk import RSAKey

PASSWORD = "correct horse battery"
CANAILLE = pathlib.Path(sys.executable).parent / "canaille"


def die_with_parent() -> None:
    """So that no server is left when a test run is killed."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


def key(folder: pathlib.Path, name: str) -> dict:
    path = folder / f"{name}.json"
    if not path.exists():
        made = RSAKey.generate_key(2048, parameters={"kid": name, "use": "sig", "alg": "RS256"})
        path.write_text(json.dumps(made.as_dict(private=True)))
    return json.loads(path.read_text())


def configure(port: int, folder: pathlib.Path, keys: list[str]) -> dict[str, str]:
    settings = {
        "SECRET_KEY": "only for tests " * 3,
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "SESSION_COOKIE_SECURE": False,
        "CANAILLE": {"NAME": "Test", "ENABLE_INTRUDER_LOCKOUT": False},
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{folder}/canaille.sqlite"},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [key(folder, keys[0])],
            "INACTIVE_JWKS": [key(folder, name) for name in keys[1:]],
        },
    }
    path = folder / "canaille.toml"
    path.write_text(tomlkit.dumps(settings))
    return dict(os.environ, CANAILLE_CONFIG=str(path))


def set_up(environment: dict[str, str], redirects: list[str]) -> None:
    def run(*arguments: str) -> None:
        done = subprocess.run([CANAILLE, *arguments], env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"canaille {arguments[:2]}: {done.stdout}{done.stderr}")

    run("install")
    for name in ("alice", "bob", "dave"):
        run(
            "create", "user", "--user-name", name, "--password", PASSWORD, "--given-name", name.title(),
            "--family-name", "Test", "--formatted-name", name.title(), "--emails", f"{name}@example.com",
        )  # fmt: skip
    for name, member in (("payments", "alice"), ("approver", "bob")):
        run("create", "group", "--display-name", name, "--members", member)
    # A client on a trusted domain needs no consent page.
    client = ["--client-id", "sallyport", "--client-name", "Sallyport", "--client-uri", "http://127.0.0.1"]
    for name, values in (
        ("--redirect-uris", redirects),
        ("--grant-types", ["authorization_code", "refresh_token"]),
        ("--response-types", ["code"]),
        ("--token-endpoint-auth-method", ["none"]),
        ("--scope", ["openid", "email", "groups", "profile"]),
    ):
        for value in values:
            client += [name, value]
    run("create", "client", *client)
    # Canaille does not put a client into its own tokens' audience unless told so.
    run("set", "client", "sallyport", "--audience", "sallyport")


def main() -> None:
    port, folder, keys, redirects = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3].split(","), sys.argv[4:]
    is_new = not (folder / "canaille.sqlite").exists()
    environment = configure(port, folder, keys)
    if is_new:
        set_up(environment, redirects)
    server = subprocess.Popen(
        [CANAILLE, "run", "--workers", "0", "--bind", f"127.0.0.1:{port}"], env=environment, preexec_fn=die_with_parent
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A test's thread starts this with its own signal mask, which holds SIGTERM back.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        while server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        print("ready", flush=True)
        server.wait()
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
