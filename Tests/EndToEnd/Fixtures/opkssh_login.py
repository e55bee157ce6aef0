"""Makes what `opkssh login` makes: a key, an ID token whose nonce commits to it, and a certificate that has both."""
import argparse, base64, hashlib, http.client, json, os, secrets, subprocess, urllib.parse
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

parser = argparse.ArgumentParser()
parser.add_argument("--issuer")
parser.add_argument("--client", default="opkssh")
parser.add_argument("--person")
parser.add_argument("--key", help="where the key goes, and its certificate beside it")
parser.add_argument("--refreshed", choices=["own", "foreign"], help="a newer token: of this session, or another login's")
parser.add_argument("--fault", choices=["nonce", "signature", "payload"])
parser.add_argument("--option", action="append", default=[], help="more for ssh-keygen")
arguments = parser.parse_args()
issuer = urllib.parse.urlparse(arguments.issuer)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def post(path: str, fields: dict) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(issuer.hostname, issuer.port, timeout=20)
    connection.request(
        "POST", path, urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
    return connection.getresponse()


def sign_in(nonce: str) -> dict:
    """The authorization code flow (OpenID Connect Core section 3.1), with the person's part done here."""
    verifier, redirect = secrets.token_urlsafe(32), "http://127.0.0.1:3000/login-callback"
    answer = post("/authorize", {
        "client_id": arguments.client, "redirect_uri": redirect, "response_type": "code", "scope": "openid",
        "nonce": nonce, "code_challenge": encode(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256", "username": arguments.person})
    query = urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["Location"]).query)
    return json.load(post("/token", {
        "grant_type": "authorization_code", "client_id": arguments.client, "code": query["code"][0],
        "redirect_uri": redirect, "code_verifier": verifier}))


key = ec.generate_private_key(ec.SECP256R1())
numbers = key.public_key().public_numbers()
claims = json.dumps({
    "alg": "ES256", "rz": secrets.token_hex(32), "typ": "CIC",
    "upk": {
        "alg": "ES256", "crv": "P-256", "kty": "EC", "x": encode(numbers.x.to_bytes(32, "big")),
        "y": encode(numbers.y.to_bytes(32, "big"))},
}, sort_keys=True, separators=(",", ":")).encode()
nonce = encode(hashlib.sha3_256(claims).digest())
tokens = sign_in("another" if arguments.fault == "nonce" else nonce)
header, payload, signature = tokens["id_token"].split(".")
if arguments.fault == "payload":
    changed = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed["sub"], changed["groups"] = "local|root", ["payments"]
    payload = encode(json.dumps(changed).encode())
if arguments.fault == "signature":
    signature = encode(secrets.token_bytes(64))
r, s = decode_dss_signature(key.sign(f"{encode(claims)}.{payload}".encode(), ec.ECDSA(hashes.SHA256())))
token = ":".join([payload, header, signature, encode(claims), encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])
if arguments.refreshed == "own":
    token += "." + json.load(post("/token", {
        "grant_type": "refresh_token", "client_id": arguments.client, "refresh_token": tokens["refresh_token"],
    }))["id_token"]
if arguments.refreshed == "foreign":
    token += "." + sign_in("another login")["id_token"]

with open(arguments.key, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
    file.write(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()))
with open(arguments.key + ".pub", "wb") as file:
    file.write(key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH))
subprocess.run(
    ["ssh-keygen", "-q", "-s", arguments.key, "-I", f"{arguments.person}@example.com", "-O",
     f"extension:openpubkey-pkt={token}", *arguments.option, arguments.key + ".pub"], check=True)
print(json.dumps({"id_token": tokens["id_token"]}))
