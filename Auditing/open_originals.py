#!/usr/bin/env python3
"""Opens a file of sealed originals with the auditor's private key, by RFC 9180 and the format alone. Needs the package
`pyhpke`; has nothing of the gateway's.

    open_originals.py FILE KEY [--command ID]     one JSON object a line: command, row, place, rule, value
FILE is `originals/<day>/<session>-<part>.sealed` of the state folder, KEY the file that `sallyport audit keygen` wrote.
Values that are no UTF-8 are given in base64. What cannot be opened ends it with status 1.
"""
import argparse
import json
import struct
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey


def read_key(path):
    """`sallyport-auditor-private+<id>+<base64>`; the id is the start of the SHA-256 of the public key."""
    prefix, key_id, data = Path(path).read_text().strip().split("+", 2)
    key = X25519PrivateKey.from_private_bytes(b64decode(data, validate=True))
    if prefix != "sallyport-auditor-private" or sha256(key.public_key().public_bytes_raw()).hexdigest()[:16] != key_id:
        raise ValueError(f"{path} is no private key of an auditor")
    return key_id, key


def read_frames(data):
    """Headers and bodies, each behind its length; a frame that the file's end cuts is left out and told."""
    index = 0
    while index < len(data):
        parts = []
        for _ in range(2):
            length = int.from_bytes(data[index:index + 4], "big") if index + 4 <= len(data) else len(data)
            if index + 4 + length > len(data):
                print("the file ends within a frame", file=sys.stderr)
                return
            parts.append(data[index + 4:index + 4 + length])
            index += 4 + length
        yield parts


def read_records(plain, fields):
    """Three numbers in LEB128 (number of the field, row, twice the length, one more where the value goes on) and the value."""
    index = 0

    def number():
        nonlocal index
        value, shift = 0, 0
        while True:
            byte = plain[index]
            index += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while index < len(plain):
        field, row, length = number(), number(), number()
        index += length >> 1
        if index > len(plain):
            raise ValueError("a record ends too early")
        yield fields[field], row, plain[index - (length >> 1):index], length & 1 == 1


def open_file(path, key_id, key):
    """Yields each value whole, with its command."""
    frames = read_frames(Path(path).read_bytes())
    head, enc = next(frames)
    head = json.loads(head)
    if [head["v"], head["kem"], head["kdf"], head["aead"], head["key"]] != [2, 0x20, 1, 3, key_id]:
        raise ValueError("it is of another version or suite, or sealed to another key")
    suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305)
    context = suite.create_recipient_context(
        enc, KEMKey.from_pyca_cryptography_key(key), info=head["info"].encode())
    started = {}
    for sequence, (header, body) in enumerate(frames):
        plain = context.open(body, aad=header)
        header = json.loads(header)
        if [header["log"], header["session"], header["part"], header["sequence"]] != [
                head["log"], head["session"], head["part"], sequence]:
            raise ValueError(f"chunk {sequence} belongs elsewhere")
        for field, row, value, continues in read_records(plain, header["fields"]):
            place = (header["command"], field["name"], field["rule"], field["selector"], row)
            value = started.pop(place, b"") + value
            if continues:
                started[place] = value
            else:
                yield header["command"], field, row, value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("key")
    parser.add_argument("--command")
    arguments = parser.parse_args()
    for command, field, row, value in open_file(arguments.file, *read_key(arguments.key)):
        if arguments.command not in (None, command):
            continue
        line = {"command": command, "row": row, "place": field["name"], "rule": field["rule"]}
        try:
            if field["encoding"] == "integer":
                line["value"] = str(int.from_bytes(value, "big", signed=True))
            elif field["encoding"] == "float":
                line["value"] = str(struct.unpack(">f" if len(value) == 4 else ">d", value)[0])
            else:
                line["value"] = value.decode()
        except UnicodeDecodeError:
            line["base64"] = b64encode(value).decode()
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        print(f"cannot be opened: {type(error).__name__} {error}", file=sys.stderr)
        sys.exit(1)
