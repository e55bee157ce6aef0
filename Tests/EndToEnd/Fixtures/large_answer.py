"""Streams a JSON array of records, as many bytes as the path says: `/BYTES`. Nothing of it is ever whole in memory.

`/sent` tells how many bytes the socket has taken so far.
"""

import argparse
import socket
import threading

RECORD = b'{"id":"c-17","name":"Dana Reyes","ssn":"536-22-8741","card":"4111 1111 1111 1111","note":"%s"},' % (b"n" * 900)


sent = 0


def handle(connection: socket.socket) -> None:
    global sent
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return
            head += part
        if head.startswith(b"GET /sent "):
            body = b'{"sent":%d}' % sent
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        wanted = int(head.split(b" ")[1][1:])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        records = RECORD * 64
        piece = b"%x\r\n%s\r\n" % (len(records), records)
        connection.sendall(b"1\r\n[\r\n")
        for _ in range(wanted // len(records)):
            connection.sendall(piece)
            sent += len(piece)
        connection.sendall(b"3\r\n{}]\r\n0\r\n\r\n")


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
while True:
    accepted, _ = listener.accept()
    threading.Thread(target=handle, args=(accepted,), daemon=True).start()
