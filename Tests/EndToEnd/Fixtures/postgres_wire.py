"""A PostgreSQL connection byte by byte. The address and who signs in are in PG* variables."""

import os
import socket
import struct

HOST, PORT = os.environ["PGHOST"], int(os.environ["PGPORT"])


def startup(version: int = 196608, **parameters: str) -> bytes:
    body = struct.pack("!i", version)
    for name, value in parameters.items():
        body += name.encode() + b"\0" + value.encode() + b"\0"
    body += b"\0"
    return struct.pack("!i", len(body) + 4) + body


def message(code: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    return code + struct.pack("!i", len(body) + 4 if length is None else length) + body


class Wire:
    def __init__(self) -> None:
        self.socket = socket.create_connection((HOST, PORT), timeout=20)
        self.rest = b""

    def send(self, data: bytes) -> "Wire":
        try:
            self.socket.sendall(data)
        except OSError:
            pass
        return self

    def read(self, count: int) -> bytes:
        while len(self.rest) < count:
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                more = b""
            if not more:
                raise EOFError
            self.rest += more
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def next(self) -> tuple[str, bytes]:
        code, length = struct.unpack("!ci", self.read(5))
        return code.decode(), self.read(length - 4)

    def sign_in(self) -> "Wire":
        self.send(startup(user=os.environ["PGUSER"], database=os.environ["PGDATABASE"]))
        self.send(message(b"p", os.environ["PGPASSWORD"].encode() + b"\0"))
        while self.next()[0] != "Z":
            pass
        return self

    def outcome(self, until: str = "Z") -> str:
        """The codes of the answers up to `until` or the end; of errors the SQLSTATE."""
        seen = []
        try:
            while True:
                code, body = self.next()
                if code == "E":
                    fields = dict((part[:1], part[1:]) for part in body.split(b"\0") if part)
                    code = f"E:{fields[b'V'].decode()}:{fields[b'C'].decode()}"
                seen.append(code)
                if code == until:
                    break
        except EOFError:
            seen.append("closed")
        except TimeoutError:
            seen.append("silence")
        return " ".join(seen)
