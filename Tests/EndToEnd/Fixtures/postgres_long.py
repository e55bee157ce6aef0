"""Statements of hundreds of kilobytes, alone and in pipelines, one of which fails before a long one."""

import psycopg

IDS = " OR ".join(f"id = {number}" for number in range(20_000))

with psycopg.connect(autocommit=True) as connection:
    for prepare in (False, True):
        print(connection.execute(f"SELECT count(*) FROM customers WHERE {IDS}", prepare=prepare).fetchone())
        print(connection.execute(f"SELECT count(*) FROM customers WHERE id = %s OR {IDS}", [1], prepare=prepare).fetchone())
    cursor = connection.execute(f"SELECT 'one'; SELECT count(*) FROM customers WHERE {IDS}; SELECT 'three'")
    while True:
        print(cursor.fetchone())
        if not cursor.nextset():
            break
    with connection.pipeline():
        first = connection.execute("SELECT 'first'")
        long = connection.execute(f"SELECT count(*) FROM customers WHERE {IDS}")
        last = connection.execute("SELECT 'last'")
        print(first.fetchone(), long.fetchone(), last.fetchone())
    try:
        with connection.pipeline():
            connection.execute("SELECT 1 / (SELECT 0)")
            connection.execute(f"SELECT count(*) FROM customers WHERE id = %s OR {IDS}", [1])
            connection.execute("SELECT 'skipped'")
    except psycopg.Error as error:
        print(type(error).__name__, str(error).splitlines()[0])
    print(connection.execute("SELECT 'after'").fetchone())
