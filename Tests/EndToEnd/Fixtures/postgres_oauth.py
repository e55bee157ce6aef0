"""Signs in with libpq 18's OAUTHBEARER: it asks the server where tokens come from, and an application's hook has one.

usage: postgres_oauth.py ISSUER    (the connection is in PG* variables, the token in TOKEN)
"""

import ctypes
import os
import pathlib
import sys

import psycopg
import psycopg_binary

bundled = pathlib.Path(psycopg_binary.__file__).parent.parent / "psycopg_binary.libs"
libpq = ctypes.CDLL(str(next(bundled.glob("libpq-*.so*"))), mode=ctypes.RTLD_GLOBAL)

class Request(ctypes.Structure):
    _fields_ = [
        ("openid_configuration", ctypes.c_char_p), ("scope", ctypes.c_char_p), ("run", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p), ("token", ctypes.c_char_p), ("user", ctypes.c_void_p),
    ]


TOKEN = os.environ["TOKEN"].encode()
HOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def give_token(kind, connection, data):
    if kind != 1:  # PQAUTHDATA_OAUTH_BEARER_TOKEN
        return 0
    request = ctypes.cast(data, ctypes.POINTER(Request)).contents
    print("told of", (request.openid_configuration or b"").decode(), "for", (request.scope or b"").decode())
    request.token = TOKEN
    return 1


hook = HOOK(give_token)
libpq.PQsetAuthDataHook(hook)
try:
    with psycopg.connect(oauth_issuer=sys.argv[1], oauth_client_id="sallyport-cli") as connection:
        print("signed in:", connection.execute("SELECT 42").fetchone()[0])
except psycopg.OperationalError as error:
    print("refused:", " ".join(str(error).split()))
