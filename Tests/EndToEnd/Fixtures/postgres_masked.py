"""What binary formats, prepared statements, row-limited fetches and pipelines show of masked columns."""

import asyncio

import asyncpg
import psycopg

SSN = "SELECT ssn, email FROM customers WHERE id = %s"


def psycopg3() -> None:
    with psycopg.connect() as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                ssn, email = cursor.execute(SSN, (7,)).fetchone()
                print("binary" if binary else "text", "ssn", ssn, "email", email)
        with connection.cursor(binary=True) as cursor:
            print("binary numbers", cursor.execute("SELECT * FROM numbers").fetchone())
            print("binary cards", cursor.execute("SELECT * FROM cards WHERE id = 1").fetchone())


async def asyncpg3() -> None:
    connection = await asyncpg.connect()
    shown = [await connection.fetchval("SELECT ssn FROM customers WHERE id = $1", 7) for _ in range(5)]
    print("asyncpg", len(shown), "times", sorted(set(shown)))
    async with connection.transaction():
        # Ten rows at a time from one portal.
        rows = [row["ssn"] async for row in connection.cursor("SELECT ssn FROM customers", prefetch=10)]
    print("fetched", len(rows), "of", sum(row.startswith("*******") for row in rows), "masked")
    await connection.close()


def pipelined() -> None:
    with psycopg.connect() as connection, connection.pipeline():
        cursors = [connection.execute(SSN, (number,)) for number in (1, 2, 3)]
        print("pipelined", *(cursor.fetchone()[0] for cursor in cursors))


psycopg3()
asyncio.run(asyncpg3())
pipelined()
