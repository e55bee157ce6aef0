"""Calls a gateway without pause from several connections, each call with a number of its own, and calls again when the
gateway is gone. Runs until it is ended."""

import argparse
import itertools
import socket
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--gateway", type=int, required=True)
parser.add_argument("--token", required=True)
parser.add_argument("--connections", type=int, default=4)
given = parser.parse_args()


def call(connection, number):
    connection.sendall(
        f"GET /payments/customer.json?n={number} HTTP/1.1\r\nHost: gateway\r\n"
        f"Authorization: Bearer {given.token}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError
        body += piece


def run(lane):
    numbers = (f"{lane}-{number}" for number in itertools.count())
    while True:
        try:
            with socket.create_connection(("127.0.0.1", given.gateway), timeout=5) as connection:
                while True:
                    call(connection, next(numbers))
                    time.sleep(0.01)
        except (OSError, StopIteration):
            time.sleep(0.005)


for lane in range(given.connections):
    threading.Thread(target=run, args=(lane,), daemon=True).start()
threading.Event().wait()
