"""Pipelines that make a gateway take one statement for another: each tries to see what is masked or forbidden, or to
delete what may not be deleted. Prints, for each, whether a secret came back.

usage: postgres_names.py    (the connection is in PG* variables)
"""

import struct

from postgres_wire import Wire, message

SECRETS = (b"536-22-0007", b"90000")
MASKED = "SELECT ssn FROM customers WHERE id = 7"
COMPUTED = "SELECT upper(ssn) FROM customers WHERE id = 7"
VIEWED = "SELECT upper(number) FROM contacts WHERE id = 7"
FORBIDDEN = "SELECT salary FROM payroll"


def query(text: str) -> bytes:
    return message(b"Q", text.encode() + b"\0")


def parse(text: str, name: str = "") -> bytes:
    return message(b"P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def bind(name: str = "", portal: str = "") -> bytes:
    return message(b"B", portal.encode() + b"\0" + name.encode() + b"\0" + struct.pack("!hhh", 0, 0, 0))


def describe(name: str, kind: bytes = b"S") -> bytes:
    return message(b"D", kind + name.encode() + b"\0")


def execute(portal: str = "") -> bytes:
    return message(b"E", portal.encode() + b"\0" + struct.pack("!i", 0))


def close(name: str, kind: bytes = b"S") -> bytes:
    return message(b"C", kind + name.encode() + b"\0")


def call(oid: int, *arguments: str) -> bytes:
    """A FunctionCall, its arguments as text."""
    values = b"".join(struct.pack("!i", len(value)) + value.encode() for value in arguments)
    return message(b"F", struct.pack("!ihh", oid, 0, len(arguments)) + values + struct.pack("!h", 0))


SET_CONFIG = 2078
SYNC = message(b"S")
RUN = bind() + execute() + SYNC
NFC, NFD, KELVIN, GREEK = "caf\u00e9", "cafe\u0301", "\u212a", "\u037e"

# Each a list of segments: what stands in one is sent at once, before anything is answered.
ATTACKS = {
    "a table behind the name of a query that looks alike": [
        query(f'WITH "{KELVIN}YC" AS (SELECT 1 AS secret) SELECT secret FROM "KYC"')],
    "a statement whose name looks alike": [
        parse(MASKED, NFC) + parse("SELECT 1", NFD) + SYNC, bind(NFC) + execute() + SYNC],
    "a Parse that fails because its name is taken": [
        parse(MASKED, "x") + SYNC, parse("SELECT 1", "x") + SYNC + bind("x") + execute() + SYNC],
    "the same, described": [
        parse(MASKED, "x") + SYNC,
        parse("SELECT 1", "x") + SYNC + bind("x") + describe("", b"P") + execute() + SYNC],
    "a Parse that waits when its pipeline fails": [
        parse("SELECT 1") + SYNC,
        describe("missing") + parse("SELECT 2") + describe("") + parse(MASKED), SYNC, RUN],
    "a Parse that fails before one that does not": [
        parse("SELECT 1") + SYNC, parse("SELEC 2") + SYNC + parse(MASKED) + describe("") + SYNC, RUN],
    "a Close that is skipped": [
        parse(MASKED, "x") + SYNC,
        describe("missing") + close("x") + SYNC + parse("SELECT 1", "x") + SYNC + bind("x") + execute() + SYNC],
    "queries that are skipped": [
        describe("missing") + query("SELECT 1") + query("SELECT 2") + SYNC, query(MASKED)],
    "queries that are skipped, and a setting among them": [
        describe("missing") + query("SET search_path = hr") + query("SELECT 2") + SYNC,
        query(MASKED) + query("SET search_path = hr"), query("SELECT salary FROM salaries")],
    "EXECUTE of a name that is prepared anew": [
        query("PREPARE x AS SELECT 1"),
        query("DEALLOCATE x") + query(f"PREPARE x AS {FORBIDDEN}") + query("EXECUTE x")],
    "EXECUTE after a Parse that fails": [
        query(f"PREPARE x AS {MASKED}"), parse("SELECT 1", "x") + query("EXECUTE x"), SYNC + query("EXECUTE x")],
    "Bind of a name that SQL prepares anew": [
        query("PREPARE x AS SELECT 1"),
        query("DEALLOCATE x") + query(f"PREPARE x AS {MASKED}") + bind("x") + execute() + SYNC],
    "EXECUTE in a pipeline that prepares anew": [
        query("PREPARE x AS SELECT 1"),
        parse("DEALLOCATE x") + bind() + execute() + parse(f"PREPARE x AS {MASKED}") + bind() + execute()
        + parse("EXECUTE x") + bind() + execute() + SYNC],
    "FETCH from a cursor that is declared anew": [
        query("BEGIN") + query("DECLARE c CURSOR FOR SELECT 'x'"),
        query("CLOSE c") + query(f"DECLARE c CURSOR FOR {COMPUTED}") + query("FETCH c")],
    "FETCH under another search path than that of its cursor": [
        query("CREATE SCHEMA IF NOT EXISTS mine"),
        query("CREATE OR REPLACE VIEW mine.contacts AS SELECT id, note AS number FROM public.scratch"), query("BEGIN"),
        query(f"DECLARE c CURSOR FOR {VIEWED}"), query("SET search_path = mine"), query("FETCH c")],
    "the same by a prepared FETCH": [
        query("BEGIN"), query(f"DECLARE c CURSOR FOR {VIEWED}"), query("SET search_path = mine"),
        parse("FETCH c") + RUN],
    "the same by Execute": [
        query("BEGIN"), query(f"DECLARE c CURSOR FOR {VIEWED}"), query("SET search_path = mine"), query("SELECT 1"),
        execute("c") + SYNC],
    "a portal under another search path than that of its Bind": [
        query("BEGIN"), parse(VIEWED) + bind("", "p") + SYNC, query("SET search_path = mine"),
        describe("p", b"P") + execute("p") + SYNC],
    "the same in one query string": [
        query("BEGIN") + query("DECLARE c CURSOR FOR SELECT 'x'"),
        query(f"CLOSE c; DECLARE c CURSOR FOR {COMPUTED}; FETCH c")],
    "Execute of a portal that SQL declares anew": [
        query("BEGIN"), parse("SELECT 'x'") + bind("", "p") + SYNC,
        query("CLOSE p") + query(f"DECLARE p CURSOR FOR {COMPUTED}") + execute("p") + SYNC],
    "the same, answered": [
        query("BEGIN"), parse("SELECT 'x'") + bind("", "p") + SYNC, query("CLOSE p"),
        query(f"DECLARE p CURSOR FOR {COMPUTED}"), execute("p") + SYNC],
    "a portal that is bound again after a savepoint": [
        query("BEGIN"), parse(MASKED, "x") + bind("x", "p") + SYNC, query("SAVEPOINT s"),
        parse("SELECT 1") + bind("", "p") + SYNC + query("ROLLBACK TO s") + execute("p") + SYNC],
    "a prepared statement whose table a temporary one hides later": [
        query("CREATE TEMP TABLE other (x int)"), parse(VIEWED, "x") + SYNC,
        query("CREATE TEMP TABLE contacts (id int, number text)"), bind("x") + execute() + SYNC],
    "the same by PREPARE": [
        query("CREATE TEMP TABLE other (x int)"), query(f"PREPARE x AS {VIEWED}"),
        query("CREATE TEMP TABLE contacts (id int, number text)"), query("EXECUTE x")],
    "a prepared statement whose table another schema hides later": [
        query("CREATE SCHEMA IF NOT EXISTS front"), query("SET search_path = front, public"), parse(VIEWED, "x") + SYNC,
        query("CREATE TABLE front.contacts (id int, number text)"), bind("x") + execute() + SYNC,
        query("DROP SCHEMA front CASCADE")],
    "a prepared statement under another search path": [
        parse("SELECT salary FROM salaries", "x") + SYNC, query("SET search_path = hr"),
        bind("x") + execute() + SYNC],
    "the same, at once": [
        parse("SELECT salary FROM salaries", "x") + SYNC,
        query("SET search_path = hr") + bind("x") + execute() + SYNC],
    "a search path that a pipeline sets": [
        parse("SET search_path = hr") + bind() + execute() + parse("SELECT salary FROM salaries") + RUN],
    "the same before a query string": [
        parse("SET search_path = hr") + bind() + execute() + query("SELECT salary FROM salaries") + SYNC],
    "a search path that a function call sets": [
        call(SET_CONFIG, "search_path", "hr", "false"), query("SELECT salary FROM salaries")],
    "the same call, at once": [
        call(SET_CONFIG, "search_path", "hr", "false") + query("SELECT salary FROM salaries")],
    "a table whose name looks like one of the system's": [query("SELECT secret FROM pg_secrets")],
    "a path that a role changes": [
        query("CREATE ROLE snoop"), query("CREATE SCHEMA snoop"),
        query("CREATE VIEW snoop.scratch AS SELECT id, ssn AS note FROM public.customers"),
        query("GRANT ALL ON SCHEMA snoop TO snoop"), query("GRANT ALL ON snoop.scratch, public.customers TO snoop"),
        query("SELECT upper(note) FROM scratch WHERE id = 7"), query("SET ROLE snoop"),
        query("SELECT upper(note) FROM scratch WHERE id = 7"), query("RESET ROLE")],
    "the same by a setting in a pipeline": [
        parse("SELECT set_config('role', 'snoop', false)") + bind() + execute()
        + parse("SELECT upper(note) FROM scratch WHERE id = 7") + RUN, query("RESET ROLE")],
    "the same by a prepared statement": [
        parse("SELECT upper(note) FROM scratch WHERE id = 7", "x") + SYNC, query("SET ROLE snoop"),
        bind("x") + execute() + SYNC, query("RESET ROLE")],
    "the same until a rollback": [
        query("SET ROLE snoop"), query("BEGIN"), query("RESET ROLE"), query("SELECT 1/0"), query("ROLLBACK"),
        query("SELECT upper(note) FROM scratch WHERE id = 7"), query("RESET ROLE")],
    "a session's authorization": [
        query("SET SESSION AUTHORIZATION snoop"), query("SELECT upper(note) FROM scratch WHERE id = 7"),
        query("RESET SESSION AUTHORIZATION")],
    "a search path that a rollback brings back": [
        query("SET search_path = hr"), query("BEGIN"), query("SET LOCAL search_path = public"), query("SELECT 1/0"),
        query("ROLLBACK") + query("SELECT salary FROM salaries")],
    "what SQL prepared under another search path": [
        query("PREPARE x AS SELECT salary FROM salaries"), query("SET search_path = hr"), query("EXECUTE x")],
    "EXECUTE after a Parse that an earlier pipeline fails at": [
        query(f"PREPARE x AS {FORBIDDEN}"), parse("SELECT 1", "x") + SYNC + query("EXECUTE x")],
    "EXECUTE of what executes another name": [
        query("PREPARE y AS SELECT 1"), parse("EXECUTE y", "x") + SYNC, query("DEALLOCATE y"),
        query(f"PREPARE y AS {FORBIDDEN}"), query("EXECUTE x")],
    "a COPY that is bound before the search path changes": [
        parse("COPY salaries TO STDOUT", "s") + bind("s", "p") + parse("SET search_path = hr") + bind() + execute()
        + execute("p") + SYNC],
    "an EXECUTE that is bound before its name is prepared anew": [
        query("BEGIN"), query("PREPARE y AS SELECT 1"), parse("EXECUTE y") + bind("", "p") + SYNC,
        query("DEALLOCATE y"), query(f"PREPARE y AS {FORBIDDEN}"), execute("p") + SYNC],
    "a string that ends elsewhere once a pipeline has set how": [
        parse("SET standard_conforming_strings = off") + bind() + execute()
        + parse("SELECT 'a\\' , 'x , upper(ssn) FROM public.customers WHERE id = 7 --'") + RUN],
    "a search path that PREPARE TRANSACTION brings back": [
        query("SET search_path = hr"), query("BEGIN"), query("SET LOCAL search_path = public"),
        query("PREPARE TRANSACTION 'x'"), query("SELECT salary FROM salaries"), query("ROLLBACK PREPARED 'x'")],
    "a function that is written as a column": [query("SELECT c.row_to_json FROM customers c WHERE id = 7")],
    "two relations under one alias": [
        query("SELECT upper(c.ssn) FROM (scratch c JOIN scratch s ON true) j, customers c WHERE c.id = 7")],
    "a WITH that is defined after its use": [
        query("WITH RECURSIVE a AS (SELECT note FROM scratch), scratch AS (SELECT upper(ssn) AS note FROM customers"
              " WHERE id = 7) SELECT upper(note) FROM a")],
    "a CASE that is named by its ELSE": [
        query("SELECT upper(name) FROM (SELECT CASE WHEN true THEN ssn ELSE name END FROM customers WHERE id = 7) s")],
    "a temporary table that is searched for last": [
        query("CREATE TEMP TABLE contacts (number text)"), query("SET search_path = public, pg_temp"),
        query("SELECT upper(number) FROM contacts WHERE id = 7")],
    "a COPY whose quotes are ends of lines": [
        query("COPY (SELECT ssn, id FROM customers WHERE id IN (6, 7) ORDER BY id) TO STDOUT (FORMAT csv, QUOTE E'\n')")],
    "FETCH from a portal under a cursor's name": [
        query("BEGIN"), query("DECLARE c CURSOR FOR SELECT 'x'"),
        close("c", b"P") + parse(COMPUTED) + bind("", "c") + query("FETCH c"), SYNC],
    "a Sync that a second COPY swallows": [
        query("COPY scratch FROM STDIN; COPY scratch FROM STDIN"), message(b"c") + SYNC, message(b"c"),
        query("SELECT (1/0)::text") + query(COMPUTED)],
    "a delete behind a semicolon that looks like one": [
        query(f"SELECT 1 {GREEK}DELETE FROM scratch"), query("SELECT 1 ;DELETE FROM scratch")],
}


def attack(segments: list[bytes]) -> tuple[bytes, str]:
    wire = Wire().sign_in()
    for segment in segments:
        wire.send(segment)
        wire.socket.settimeout(0.3)
        try:
            while True:
                more = wire.socket.recv(65536)
                if not more:
                    return wire.rest, "closed"
                wire.rest += more
        except TimeoutError:
            pass
    seen, wire.rest = wire.rest, b""
    wire.socket.settimeout(20)
    wire.send(SYNC + query("ROLLBACK") + query("SELECT 'goes' || ' on'"))
    try:
        while b"goes on" not in wire.rest:
            wire.rest += wire.socket.recv(65536) or b"goes on? no: closed"
    except TimeoutError:
        return seen, "silence"
    return seen, "goes on" if b"closed" not in wire.rest else "closed"


for name, segments in ATTACKS.items():
    seen, end = attack(segments)
    print(f"{name}: {'secret' if any(secret in seen for secret in SECRETS) else 'nothing'}, {end}", flush=True)
