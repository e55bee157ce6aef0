"""A function behind TLS that answers no handshake until it is told to.

In plain HTTP on the same port: GET /count gives how many TLS connections have come and how many are open, GET /release
lets the handshakes go on, those that wait and those that come.
"""

import argparse
import json
import socket
import ssl
import threading

released = threading.Event()
lock = threading.Lock()
counts = {"came": 0, "open": 0}


def answer(stream, body: dict) -> None:
    text = json.dumps(body).encode()
    stream.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
    )


def serve(connection: socket.socket) -> None:
    first = connection.recv(1, socket.MSG_PEEK)
    if first != b"\x16":
        request = connection.recv(65536)
        if b"/release" in request:
            released.set()
        with lock:
            said = dict(counts)
        if request:
            answer(connection, said)
        return connection.close()
    with lock:
        counts["came"] += 1
        counts["open"] += 1
    try:
        released.wait()
        stream = context.wrap_socket(connection, server_side=True)
        while stream.recv(65536):
            answer(stream, {"ssn": "536-22-8741"})
    except OSError:
        pass
    finally:
        connection.close()
        with lock:
            counts["open"] -= 1


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
options = parser.parse_args()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.certificate, options.key)
listener = socket.create_server(("127.0.0.1", options.port))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
