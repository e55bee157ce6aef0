"""A function that breaks HTTP in as many ways as its paths name, over a bare socket.

`/good/N` answers properly, with N, on a connection that stays open: whoever gets another's N has met a poisoned pool.
"""

import argparse
import socket
import threading
import time

# The test itself says when "extra-later" sends what nobody asked for.
released = threading.Event()
sent = threading.Event()

JSON = b"Content-Type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + JSON
BODY = b'{"answer":"' + b"x" * 200 + b'"}'


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body)


WHOLE = OK + length(BODY) + BODY
# What is sent, after which the connection is closed.
ANSWERS = {
    "garbage": b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n",
    "no-head": b"",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "cut-length": OK + b"Content-Length: 4000\r\n\r\n" + BODY,
    "cut-chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(BODY), BODY),
    "cut-chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nfff\r\n" + BODY,
    "two-lengths": OK + b"Content-Length: 5\r\n" + length(BODY) + BODY,
    "length-and-chunked": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad-chunk-size": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "unknown-coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "huge-head": b"HTTP/1.1 200 OK\r\n" + (b"X-Filler: " + b"f" * 8000 + b"\r\n") * 30,
    "interim-flood": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000 + WHOLE,
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n" + length(BODY) + BODY,
    "bare-line-feed": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "status-zero": b"HTTP/1.1 000 Nothing\r\n" + length(BODY) + BODY,
}


def read_head(connection: socket.socket, pending: bytes) -> tuple[bytes, bytes] | None:
    while b"\r\n\r\n" not in pending:
        part = connection.recv(65536)
        if not part:
            return None
        pending += part
    head, rest = pending.split(b"\r\n\r\n", 1)
    return head, rest


def read_body(connection: socket.socket, head: bytes, rest: bytes) -> bytes:
    size = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    while len(rest) < size:
        part = connection.recv(65536)
        if not part:
            break
        rest += part
    return rest[size:]


def serve(connection: socket.socket) -> None:
    pending = b""
    while (read := read_head(connection, pending)) is not None:
        head, rest = read
        name = head.split(b" ")[1].decode().lstrip("/").split("?")[0]
        if name == "refuses-body":
            # The body stays unread in the socket: closing now resets the connection under the sender's hands.
            return
        if name == "answers-early":
            body = b'{"early":true}'
            connection.sendall(b"HTTP/1.1 413 Too Large\r\n" + JSON + b"Connection: close\r\n" + length(body) + body)
            return
        pending = read_body(connection, head, rest)
        if name.startswith("good/"):
            body = b'{"number":%s}' % name[5:].encode()
            connection.sendall(OK + length(body) + body)
        elif name == "never":
            time.sleep(30)
            return
        elif name == "stalls":
            connection.sendall(OK + b"Content-Length: 4000\r\n\r\n" + BODY)
            time.sleep(30)
            return
        elif name == "extra":
            # A second answer that nobody asked for, on a connection that the gateway would like to keep.
            connection.sendall(WHOLE + OK + length(b'{"number":666}') + b'{"number":666}')
        elif name == "extra-later":
            connection.sendall(WHOLE)
            released.wait()
            connection.sendall(OK + length(b'{"number":666}') + b'{"number":666}')
            sent.set()
        elif name == "release":
            released.set()
            sent.wait()
            connection.sendall(OK + length(b"{}") + b"{}")
        else:
            connection.sendall(ANSWERS[name])
            return


def handle(connection: socket.socket, greets: bool) -> None:
    try:
        with connection:
            if greets:
                body = b'{"number":666}'
                connection.sendall(OK + b"Connection: close\r\n" + length(body) + body)
            serve(connection)
    except OSError:
        pass


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--greets", action="store_true", help="answer each connection before anything was asked")
options = parser.parse_args()
listener = socket.create_server(("127.0.0.1", options.port))
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=handle, args=(accepted, options.greets), daemon=True).start()
