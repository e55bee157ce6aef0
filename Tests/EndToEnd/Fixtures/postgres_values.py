"""Runs the same statements with a driver and prints what it gives, so that two ways to a database can be compared.

usage: postgres_values.py psycopg-text | psycopg-binary | asyncpg | sqlalchemy    (the connection is in PG* variables)
"""

import asyncio
import os
import sys

TYPES = """
    SELECT 1::int2, -2::int4, 9007199254740993::int8, 1.5::float4, 2.25::float8, 12345678901234567890.123456789::numeric,
        true, 'text'::text, 'varchar'::varchar, 'c'::bpchar, 'ä€😀'::text, NULL::text, '2026-11-23'::date,
        '12:34:56.789'::time, '2026-11-23 12:34:56.789'::timestamp, '2026-11-23 12:34:56.789+02'::timestamptz,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '{"a": [1, 2]}'::json, '{"b": null}'::jsonb, '\\xdeadbeef'::bytea,
        ARRAY[1, NULL, 3]::int4[], ARRAY['x', 'y z', '"q"']::text[], '10 days 2 hours'::interval, '10.1.2.0/24'::cidr
"""
WITH_PARAMETERS = [
    ("SELECT {0}::int4 + 1, {1}::text || '!'", (41, "ja")),
    ("SELECT id, name, balance FROM customers WHERE id < {0} ORDER BY id", (5,)),
    ("SELECT {0}::bytea, {1}::bool, {2}::numeric", (b"\x00\xff", True, 3)),
    ("SELECT count(*) FROM customers WHERE name LIKE {0}", ("customer 1%",)),
]
FAILING = ["SELECT 1/0", "SELECT no_such_column FROM customers", "SELEC 1", "INSERT INTO scratch VALUES ('x', 'y')"]


def show(rows) -> None:
    for row in rows:
        print(repr(tuple(row)))


def psycopg_values(binary: bool) -> None:
    import psycopg

    with psycopg.connect(autocommit=True) as connection:
        cursor = connection.cursor(binary=binary)
        show(cursor.execute(TYPES).fetchall())
        for text, values in WITH_PARAMETERS * 7:  # enough for psycopg to prepare them
            places = ["%s"] * len(values)
            show(cursor.execute(text.replace("%'", "%%'").format(*places), values).fetchall())
            print(cursor.description)
        for text in FAILING:
            try:
                cursor.execute(text)
            except psycopg.Error as error:
                print(error.sqlstate, error.diag.message_primary)
        with connection.transaction():
            cursor.execute("INSERT INTO scratch VALUES (1, 'one')")
            with connection.cursor("named") as named:
                named.execute("SELECT id FROM customers ORDER BY id")
                named.itersize = 7
                show(named.fetchmany(20))
            try:
                with connection.transaction():
                    cursor.execute("SELECT 1/0")
            except psycopg.Error as error:
                print(error.sqlstate)
            show(cursor.execute("DELETE FROM scratch WHERE id = 1 RETURNING note"))
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", [i]) for i in range(10)]
        show(c.fetchone() for c in cursors)
        with cursor.copy("COPY scratch FROM STDIN") as copy:
            for i in range(100):
                copy.write_row((i, f"row {i}"))
        with cursor.copy("COPY (SELECT id, note FROM scratch ORDER BY id) TO STDOUT") as copy:
            show(copy.rows())
        print(cursor.execute("DELETE FROM scratch WHERE id >= 0").rowcount)
        with connection.transaction():
            cursor.execute("LISTEN wakeup")
        cursor.execute("NOTIFY wakeup, 'hello'")
        print([(n.channel, n.payload) for n in connection.notifies(timeout=2, stop_after=1)])


async def asyncpg_values() -> None:
    import asyncpg

    connection = await asyncpg.connect(ssl=False)
    show(await connection.fetch(TYPES))
    for text, values in WITH_PARAMETERS:
        places = [f"${i + 1}" for i in range(len(values))]
        prepared = await connection.prepare(text.format(*places))
        print([a.name for a in prepared.get_attributes()], [p.name for p in prepared.get_parameters()])
        show(await prepared.fetch(*values))
        show(await prepared.fetch(*values))
    for text in FAILING:
        try:
            await connection.execute(text)
        except asyncpg.PostgresError as error:
            print(error.sqlstate, error.message)
    async with connection.transaction():
        show([[r["id"]] async for r in connection.cursor("SELECT id FROM customers ORDER BY id", prefetch=7)])
    print(await connection.copy_records_to_table("scratch", records=[(i, f"row {i}") for i in range(50)]))
    print(await connection.execute("DELETE FROM scratch WHERE id >= 0"))
    await connection.close()


def sqlalchemy_values() -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine("postgresql+psycopg://")
    table = sqlalchemy.Table("customers", sqlalchemy.MetaData(), autoload_with=engine)
    print([(c.name, str(c.type), c.nullable, c.primary_key) for c in table.columns])
    with engine.connect() as connection:
        show(connection.execute(sqlalchemy.select(table.c.id, table.c.balance).where(table.c.id < 4).order_by(table.c.id)))
    print(sorted(sqlalchemy.inspect(engine).get_table_names()))


match sys.argv[1]:
    case "psycopg-text":
        psycopg_values(False)
    case "psycopg-binary":
        psycopg_values(True)
    case "asyncpg":
        asyncio.run(asyncpg_values())
    case "sqlalchemy":
        sqlalchemy_values()
    case other:
        sys.exit(f"no driver {other}")
