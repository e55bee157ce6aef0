"""Sends a head one field at a time beside connections that say nothing; prints what became of each as JSON."""

import argparse
import json
import select
import socket

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--silent-connections", type=int, default=0)
options = parser.parse_args()


def connect() -> socket.socket:
    return socket.create_connection(("127.0.0.1", options.port), timeout=30)


silent = [connect() for _ in range(options.silent_connections)]
caller = connect()
caller.sendall(b"GET /payments/customer HTTP/1.1\r\nHost: x\r\n")
sent = 0
while sent < 1000 and not select.select([caller], [], [], 0.05)[0]:
    caller.sendall(b"X-%d: y\r\n" % sent)
    sent += 1
answer = b""
try:
    while part := caller.recv(65536):
        answer += part
except ConnectionError:
    pass
words = answer.split(b" ")
still_open = 0
for connection in silent:
    try:
        still_open += connection.recv(1) != b""
    except ConnectionError:
        pass
    except TimeoutError:
        still_open += 1
print(json.dumps({"status": int(words[1]) if len(words) > 1 else 0, "fields_sent": sent, "silent_open": still_open}))
