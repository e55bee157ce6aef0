"""Cancels a statement: with a wrong key, which must do nothing, then as a client does. Prints what came of it."""

import os
import socket
import struct
import threading
import time

import psycopg

connection = psycopg.connect(autocommit=True)
outcome: list[str] = []


def sleep() -> None:
    try:
        connection.execute("SELECT pg_sleep(62)")
        outcome.append("ran to its end")
    except psycopg.Error as error:
        outcome.append(str(error.sqlstate))


sleeper = threading.Thread(target=sleep)
sleeper.start()
time.sleep(1)
with socket.create_connection((os.environ["PGHOST"], int(os.environ["PGPORT"]))) as wrong:
    wrong.sendall(struct.pack("!IIII", 16, 80877102, connection.info.backend_pid, 12345))
    wrong.recv(1)
time.sleep(1)
print("wrong key:", outcome[0] if outcome else "still running")
connection.cancel_safe(timeout=10)
sleeper.join(20)
print(outcome[0] if outcome else "never ended")
print(connection.execute("SELECT 'after'").fetchone()[0])
