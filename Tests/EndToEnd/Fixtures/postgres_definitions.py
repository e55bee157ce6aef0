"""Two sessions, of which one changes what a view shows while the other reads it: each tries to see a number in clear.
Prints, for each, whether it came back.

usage: postgres_definitions.py    (the connection is in PG* variables)
"""

import threading
import time

import psycopg

SECRET = "536-22-0007"
HARMLESS = "CREATE OR REPLACE VIEW shown AS SELECT id, note AS value FROM scratch"
TELLING = "CREATE OR REPLACE VIEW shown AS SELECT id, ssn AS value FROM customers"
READING = "SELECT upper(value) FROM shown WHERE id = 7"


class Session:
    """A connection, on which statements can be left running."""

    def __init__(self):
        self.connection = psycopg.connect(autocommit=True)
        self.thread, self.seen = None, []

    def run(self, *statements: str) -> "Session":
        for statement in statements:
            try:
                results = self.connection.execute(statement)
                while True:
                    if results.description:
                        self.seen += [str(value) for row in results.fetchall() for value in row]
                    if not results.nextset():
                        break
            except psycopg.Error as error:
                self.seen.append(f"{error.sqlstate}: {error}")
        return self

    def start(self, *statements: str) -> None:
        """Leaves them running, and gives them time to be where they wait."""
        self.thread = threading.Thread(target=self.run, args=statements)
        self.thread.start()
        time.sleep(0.7)

    def start_pipeline(self, *statements: str) -> None:
        def run() -> None:
            try:
                with self.connection.pipeline():
                    for statement in statements:
                        self.connection.execute(statement)
            except psycopg.Error as error:
                self.seen.append(str(error))

        self.thread = threading.Thread(target=run)
        self.thread.start()
        time.sleep(0.7)

    def wait(self) -> "Session":
        self.thread.join(20)
        return self


def commit_before_it_is_told(one: Session, other: Session) -> None:
    one.start(f"BEGIN; {TELLING}; COMMIT; SELECT pg_sleep(2)")
    other.run(READING)


def commit_of_a_batch(one: Session, other: Session) -> None:
    one.run("BEGIN", TELLING).start("COMMIT; SELECT pg_sleep(2)")
    other.run(READING)


def commit_in_a_pipeline(one: Session, other: Session) -> None:
    one.start_pipeline("BEGIN", TELLING, "COMMIT", "SELECT pg_sleep(2)")
    other.run(READING)


def commit_and_chain(one: Session, other: Session) -> None:
    one.run("BEGIN", TELLING, "COMMIT AND CHAIN")
    other.run(READING)
    one.run("ROLLBACK")


def table_that_is_hidden(one: Session, other: Session) -> None:
    one.run("CREATE SCHEMA IF NOT EXISTS front")
    other.run("SET search_path = front, public", READING)
    one.start("BEGIN; CREATE VIEW front.shown AS SELECT id, ssn AS value FROM customers; COMMIT; SELECT pg_sleep(2)")
    other.run(READING)
    one.wait().run("DROP VIEW front.shown")


def view_beneath(one: Session, other: Session) -> None:
    one.run("CREATE OR REPLACE VIEW above AS SELECT id, value FROM shown")
    other.run("SELECT upper(value) FROM above WHERE id = 7")
    one.start(f"BEGIN; {TELLING}; COMMIT; SELECT pg_sleep(2)")
    other.run("SELECT upper(value) FROM above WHERE id = 7")


def answer_that_is_late(one: Session, other: Session) -> None:
    one.run(TELLING)
    other.run("SELECT 1")
    # The answer is described when it ends, by when the change that waited for it is done.
    other.start("SELECT upper(value), pg_sleep(2)::text FROM shown WHERE id = 7")
    one.run(HARMLESS, "SELECT 1")
    other.wait()


def schema_that_appears(one: Session, other: Session) -> None:
    other.run("SET search_path = later, public", READING)
    one.run("CREATE SCHEMA later", "CREATE VIEW later.shown AS SELECT id, ssn AS value FROM customers")
    other.run(READING)
    one.run("DROP SCHEMA later CASCADE")


def schema_that_opens(one: Session, other: Session) -> None:
    one.run(
        "DROP ROLE IF EXISTS guest", "CREATE ROLE guest", "CREATE SCHEMA closed",
        "CREATE VIEW closed.shown AS SELECT id, ssn AS value FROM customers",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public, closed TO guest")
    other.run("SET search_path = closed, public", "SET ROLE guest", READING)
    one.run("GRANT USAGE ON SCHEMA closed TO guest")
    other.run(READING, "RESET ROLE")
    one.run("DROP SCHEMA closed CASCADE", "DROP OWNED BY guest", "DROP ROLE guest")


def copy_that_waits(one: Session, other: Session) -> None:
    one.run("BEGIN", TELLING)
    other.start("INSERT INTO notes SELECT value FROM shown WHERE id = 7")
    one.run("COMMIT")
    other.wait().run("SELECT upper(note) FROM notes")


def copy_behind_a_statement(one: Session, other: Session) -> None:
    other.start("SELECT pg_sleep(4); INSERT INTO notes SELECT value FROM shown WHERE id = 7")
    one.run(TELLING)
    other.wait().run("SELECT upper(note) FROM notes")


def copy_in_a_pipeline(one: Session, other: Session) -> None:
    other.start_pipeline("SELECT pg_sleep(4)", "INSERT INTO notes SELECT value FROM shown WHERE id = 7")
    one.run(TELLING)
    other.wait().run("SELECT upper(note) FROM notes")


def copy_behind_the_change(one: Session, other: Session) -> None:
    other.run(f"{TELLING}; INSERT INTO notes SELECT value FROM shown WHERE id = 7")
    other.run("SELECT upper(note) FROM notes")


def copy_by_a_prepared_statement(one: Session, other: Session) -> None:
    other.run("PREPARE y AS INSERT INTO notes SELECT value FROM shown WHERE id = 7")
    other.start("SELECT pg_sleep(4); EXECUTE y")
    one.run(TELLING)
    other.wait().run("SELECT upper(note) FROM notes")


ATTACKS = [
    commit_before_it_is_told, commit_of_a_batch, commit_in_a_pipeline, commit_and_chain, table_that_is_hidden,
    view_beneath, answer_that_is_late, schema_that_appears, schema_that_opens, copy_that_waits,
    copy_behind_a_statement, copy_in_a_pipeline, copy_behind_the_change, copy_by_a_prepared_statement,
]

for attack in ATTACKS:
    one, other = Session(), Session()
    one.run(HARMLESS, "TRUNCATE notes")
    # So that the gateway knows the view as it was.
    other.run(READING)
    before = len(other.seen)
    attack(one, other)
    if one.thread:
        one.wait()
    for session in (one, other):
        session.connection.close()
    name = attack.__name__.replace("_", " ")
    print(f"{name}: {'secret' if SECRET in other.seen[before:] else 'nothing'}", other.seen[before:], flush=True)

# Whoever changes something else is in nobody's way.
one, other = Session(), Session()
one.run(TELLING).start("BEGIN; CREATE TEMP TABLE shown (value text); COMMIT; SELECT pg_sleep(2)")
other.run("SELECT upper(note) FROM scratch WHERE id = 7")
one.wait().start("BEGIN; CREATE TABLE IF NOT EXISTS elsewhere (value text); COMMIT; SELECT pg_sleep(2)")
other.run("SELECT upper(note) FROM scratch WHERE id = 7")
one.wait()
print("beside:", *other.seen)
