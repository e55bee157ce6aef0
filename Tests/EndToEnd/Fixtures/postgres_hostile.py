"""Talks to a PostgreSQL server byte by byte, as no driver would, and prints how each conversation ends.

usage: postgres_hostile.py    (the connection is in PG* variables)
"""

import os
import struct

from postgres_wire import Wire, message, startup


def before_sign_in(name: str, data: bytes) -> None:
    print(f"{name}: {Wire().send(data).outcome('R')}", flush=True)


def signed_in(name: str, data: bytes, then: bytes = message(b"Q", b"SELECT 1\0")) -> None:
    """Sends `data`, and a harmless query to see whether the session goes on."""
    print(f"{name}: {Wire().sign_in().send(data).send(then).outcome()}", flush=True)


user = {"user": os.environ["PGUSER"], "database": os.environ["PGDATABASE"]}
before_sign_in("10 GiB claimed", struct.pack("!i", 0x7FFFFFFF) + b"\0" * 64)
before_sign_in("negative length", struct.pack("!i", -1) + b"\0" * 64)
before_sign_in("length of three", struct.pack("!i", 3) + b"\0" * 64)
before_sign_in("protocol 2", startup(131072, **user))
before_sign_in("protocol 4", startup(262144, **user))
before_sign_in("protocol 3.2", startup(196610, **user))
before_sign_in("without a user", startup(database="ledger"))
before_sign_in("without its end", startup(**user)[:-1].replace(b"\0\0\0", b"\0\0\0", 1) if False else struct.pack("!i", 13) + struct.pack("!i", 196608) + b"user\1")
before_sign_in("not UTF-8", struct.pack("!i", 17) + struct.pack("!i", 196608) + b"user\0\xff\xfe\0\0")
before_sign_in("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
before_sign_in("replication", startup(replication="true", **user) + message(b"p", os.environ["PGPASSWORD"].encode() + b"\0"))
print("query before the password:", Wire().send(startup(**user)).send(message(b"Q", b"SELECT 1\0")).outcome("Z"))
print("password of 2 GiB:", Wire().send(startup(**user)).send(message(b"p", b"x" * 10, 0x7FFFFFFF)).outcome("Z"))
print("password without its end:", Wire().send(startup(**user)).send(message(b"p", b"abc")).outcome("Z"))

signed_in("unknown type", message(b"?"))
signed_in("length 0", message(b"Q", b"", 0))
signed_in("length -5", message(b"Q", b"", -5))
signed_in("length 2 GiB", message(b"Q", b"SELECT 1", 0x7FFFFFFF))
signed_in("query without its end", message(b"Q", b"SELECT 1"))
signed_in("query with a NUL amid", message(b"Q", b"SELECT 1\0; DROP TABLE customers\0"))
signed_in("query not UTF-8", message(b"Q", b"SELECT '\xff\xfe'\0"))
signed_in("parse cut short", message(b"P", b"s\0SELECT 1\0\0"))
signed_in("parse with 65,535 types and none", message(b"P", b"s\0SELECT 1\0\xff\xff"))
signed_in(
    "200 statements that are parsed for later",
    b"".join(message(b"P", f"s{number}\0SELECT {number}\0\0\0".encode()) for number in range(200))
    + b"".join(
        message(b"B", b"\0" + name + b"\0\0\0\0\0\0\0") + message(b"E", b"\0\0\0\0\0") for name in (b"s5", b"s150"))
    + message(b"S"), b"")
signed_in("bind cut short", message(b"P", b"\0SELECT 1\0\0\0") + message(b"B", b"\0\0\0\0\0"))
signed_in("bind of a value longer than the message", message(b"P", b"\0SELECT $1\0\0\0") + message(b"B", b"\0\0\0\0\0\1\0\0\xff\xff\0\0"))
signed_in("bind of a negative length", message(b"P", b"\0SELECT $1\0\0\0") + message(b"B", b"\0\0\0\0\0\1\xff\xff\xff\xf0\0\0"))
signed_in("bind to an unknown statement", message(b"B", b"\0nobody\0\0\0\0\0\0\0") + message(b"S"))
signed_in("execute of an unknown portal", message(b"E", b"nobody\0\0\0\0\0") + message(b"S"))
signed_in("describe of neither", message(b"D", b"x\0") + message(b"S"))
signed_in("describe cut short", message(b"D", b"S"))
signed_in("execute cut short", message(b"E", b"\0\0"))
signed_in("sync with a body", message(b"S", b"xxxx"))
signed_in("copy data without a copy", message(b"d", b"1\n") + message(b"c"))
signed_in("a password after signing in", message(b"p", b"secret\0"))
signed_in("function call cut short", message(b"F", b"\0\0"))
signed_in("query in a copy", message(b"Q", b"COPY scratch FROM STDIN\0") + message(b"Q", b"SELECT 1\0"), b"")
signed_in("copy that fails", message(b"Q", b"COPY scratch FROM STDIN\0") + message(b"f", b"no more\0"))
signed_in("copy of what is no row", message(b"Q", b"COPY scratch FROM STDIN\0") + message(b"d", b"x\ty\tz\n") + message(b"c"))
signed_in("empty query", message(b"Q", b"\0"))
signed_in("flush alone", message(b"H"))
signed_in("terminate", message(b"X"), b"")
