"""Data that flows: COPY that fails on either side, large values both ways, rows a few at a time. Prints what came of it.

usage: postgres_streams.py    (the connection is in PG* variables)
"""

import hashlib

import psycopg

LARGE = 150_000_000


def outcome(error: psycopg.Error) -> str:
    return f"{error.sqlstate} {error.diag.message_primary}"


with psycopg.connect(autocommit=True) as connection:
    cursor = connection.cursor()

    # The caller gives up: CopyFail.
    try:
        with cursor.copy("COPY scratch FROM STDIN") as copy:
            for number in range(20_000):
                copy.write_row((number, "given up"))
            raise RuntimeError("enough")
    except RuntimeError as error:
        print("caller:", error, connection.info.transaction_status.name)
    print(cursor.execute("SELECT count(*) FROM scratch WHERE note = 'given up'").fetchone())

    # The server refuses a row while more are on their way.
    try:
        with cursor.copy("COPY scratch FROM STDIN") as copy:
            for number in range(200_000):
                copy.write(f"{'x' if number == 500 else number}\trefused\n".encode())
    except psycopg.Error as error:
        print("server:", outcome(error), connection.info.transaction_status.name)
    print(cursor.execute("SELECT count(*) FROM scratch WHERE note = 'refused'").fetchone())

    # The server fails amid its own rows.
    try:
        with cursor.copy("COPY (SELECT 1 / (5000 - i) FROM generate_series(1, 9000) i) TO STDOUT") as copy:
            print(sum(1 for _ in copy))
    except psycopg.Error as error:
        print("out:", outcome(error), connection.info.transaction_status.name)
    try:
        cursor.execute("SELECT 1 / (5000 - i) FROM generate_series(1, 9000) i")
    except psycopg.Error as error:
        print("rows:", outcome(error))

    # In a transaction block, after which it can only be rolled back.
    try:
        with connection.transaction():
            with cursor.copy("COPY scratch (id) FROM STDIN") as copy:
                copy.write(b"1\n2\nthree\n")
    except psycopg.Error as error:
        print("block:", outcome(error))

    value = cursor.execute("SELECT repeat('0123456789', %s)", [LARGE // 10]).fetchone()[0]
    print("large answer:", len(value), hashlib.md5(value.encode()).hexdigest())
    sent = "abcdefghij" * 4_000_000
    print("large parameter:", cursor.execute("SELECT length(%s), md5(%s)", [sent, "x"]).fetchone())
    sent = bytes(range(256)) * 800_000
    print("huge parameters:", cursor.execute(
        "SELECT length(%b), md5(%b), %t", [sent, sent, "z" * 1000]).fetchone())
    with cursor.copy("COPY scratch (note) FROM STDIN") as copy:
        copy.write(b"y" * LARGE + b"\n")
    print("large copied row:", cursor.execute("SELECT max(length(note)) FROM scratch").fetchone())
    cursor.execute("DELETE FROM scratch WHERE length(note) > 1000")
    cursor.execute("LISTEN streams; NOTIFY streams, 'one'; NOTIFY streams, 'two'")
    print([notified.payload for notified in connection.notifies(timeout=5, stop_after=2)])
