#!/usr/bin/env python3
"""Statements a second and CPU a statement: direct, through PgBouncer (session mode), and through Sallyport; for single
statements also through a relay that does nothing but pass bytes on with the library that Sallyport stands on.

One PostgreSQL serves all; pgbench and psql drive them in interleaved rounds. Sallyport verifies the token, parses
every statement, decides, audits, and masks where a rule says so. CPU is what the kernel counted for the processes of
the contestant in the middle, without the database and the client. Writes .build/bench/postgres.json.
"""

import argparse
import os
import pathlib
import pwd
import re
import shutil
import statistics
import subprocess
import sys
import time

from benchmark import ROOT, Contestant, free_port, report, row, sign_in, workplace

BINARIES = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), pathlib.Path("/usr/bin"))
PASSWORD = "bench-password"
BULK_ROWS, COPY_ROWS = 1_000_000, 3_000_000
POLICY = """@id("read") permit(
    principal in Group::"payments", action in [Action::"sql.read", Action::"sql.session"], resource in Target::"bench")
    unless { resource has name && resource.name == "public.customers" };
@id("read-masked") @mask("customer-pii") permit(
    principal in Group::"payments", action in Action::"sql.read", resource == Table::"bench/public.customers");
"""


class Database:
    """A PostgreSQL of its own, as an unprivileged user, with SCRAM."""

    def __init__(self, folder: pathlib.Path):
        self.port, self.data = free_port(), folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, self.user)
            shutil.chown(folder / "password", self.user)
        self.run("initdb", "-D", str(self.data), "-U", "bench", "-A", "scram-sha-256", "--pwfile", str(folder / "password"),
                 "-E", "UTF8", "--locale=C", "--no-sync")
        with open(self.data / "postgresql.conf", "a") as settings:
            settings.write(
                f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nmax_connections=2300\n"
                "fsync=off\nsynchronous_commit=off\nshared_buffers=512MB\nautovacuum=off\nmax_parallel_workers_per_gather=0\n"
            )
        self.run("pg_ctl", "-D", str(self.data), "-w", "-l", str(folder / "postgres.log"), "start")

    def run(self, program: str, *arguments: str) -> None:
        command = [str(BINARIES / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")


class Way:
    """How a client gets to the database: a port, a user and a password, and what stands in between."""

    def __init__(self, name: str, port: int, user: str, password: str, contestant: Contestant | None = None):
        self.name, self.port, self.user, self.contestant = name, port, user, contestant
        self.environment = dict(os.environ, PGPASSWORD=password, PGSSLMODE="disable", PGHOST="127.0.0.1", PGPORT=str(port),
                                PGUSER=user, PGDATABASE="bench")

    def cpu(self) -> float:
        return self.contestant.cpu_seconds() if self.contestant else 0.0

    def client(self, *command: str) -> str:
        done = subprocess.run([*command], env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{command[0]} through {self.name} failed: {done.stderr[-2000:]}")
        return done.stdout


def pgbouncer(folder: pathlib.Path, database: Database) -> Contestant:
    port = free_port()
    (folder / "users.txt").write_text(f'"bench" "{PASSWORD}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
bench = host=127.0.0.1 port={database.port} dbname=bench user=bench password={PASSWORD}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = session
max_client_conn = 3000
default_pool_size = 1100
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
"""
    )
    command = ["pgbouncer", "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", database.user, "--regid", database.user, "--init-groups", *command]
    return Contestant("PgBouncer", command, port)


def bare_relay(binary: str, database: Database) -> Contestant:
    port = free_port()
    return Contestant("NIO relay", [binary, str(port), str(database.port)], port)


def sallyport(
    folder: pathlib.Path, binary: str, database: Database, more: str = "", name: str = "Sallyport"
) -> tuple[Contestant, Contestant, str]:
    """A gateway in `folder`, whose configuration has `more` besides, with its issuer and a token."""
    port, issuer_port, console_port = free_port(), free_port(), free_port()
    issuer = Contestant("issuer", [binary, "issuer", "--port", str(issuer_port)], issuer_port)
    (folder / "policy.cedar").write_text(POLICY)
    configuration = folder / "sallyport.yaml"
    configuration.write_text(
        f"""state: state
log: {{level: warning}}
listeners:
  - {{adapter: postgres, listen: "127.0.0.1:{port}", max_connections: 3000}}
console: {{listen: "127.0.0.1:{console_port}"}}
identity:
  issuers:
    - {{issuer: "http://127.0.0.1:{issuer_port}", audiences: [sallyport-cli], client_id: sallyport-cli, groups: {{claim: groups}}}}
policy: {{files: [policy.cedar]}}
masking:
  rule_sets:
    - name: customer-pii
      rules:
        - {{column: customers.ssn, transform: keep-last 4}}
        - {{column: customers.email, transform: redact}}
recording: {{minimum: metadata}}
{more}
targets:
  - name: bench
    kind: postgres
    connection: {{host: 127.0.0.1, port: "{database.port}", dbname: bench, user: bench, sslmode: disable}}
    password: "env:BENCH_PASSWORD"
"""
    )
    os.environ["BENCH_PASSWORD"] = PASSWORD
    gateway = Contestant(name, [binary, "serve", "--config", str(configuration)], port)
    return gateway, issuer, sign_in(issuer_port)


CUSTOMERS = (
    "CREATE TABLE customers AS SELECT i AS id, md5(i::text) AS name, lpad((i % 1000000000)::text, 9, '1') AS ssn,"
    f" 'c' || i || '@example.com' AS email, i * 1.5 AS balance FROM generate_series(1, {BULK_ROWS}) i"
)


def fill(direct: Way) -> None:
    direct.client("psql", "-qc", "CREATE DATABASE bench", "-d", "postgres")
    direct.client("pgbench", "-i", "-q", "-s", "10")
    for statement in (
        f"CREATE TABLE copied AS SELECT i AS id, md5(i::text) AS name, i * 1.5 AS amount FROM generate_series(1, {COPY_ROWS}) i",
        CUSTOMERS,
        "CREATE TABLE orders AS SELECT * FROM customers",
        "VACUUM ANALYZE",
    ):
        direct.client("psql", "-qc", statement)


def pgbench(way: Way, mode: str, clients: int, seconds: float) -> dict:
    before = way.cpu()
    output = way.client("pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", "1", "-T", f"{seconds:g}")
    used = way.cpu() - before
    done = int(re.search(r"transactions actually processed: (\d+)", output).group(1))
    rate = float(re.search(r"tps = ([\d.]+)", output).group(1))
    latency = float(re.search(r"latency average = ([\d.]+) ms", output).group(1))
    return {"throughput": rate, "cpu": used / done * 1e6, "latency": latency * 1000}


def connect(way: Way, count: int) -> dict:
    before = way.cpu()
    output = way.client("pgbench", "-n", "-S", "-C", "-c", "8", "-j", "1", "-t", str(count // 8))
    used = way.cpu() - before
    rate = float(re.search(r"tps = ([\d.]+)", output).group(1))
    return {"throughput": rate, "cpu": used / count * 1e6}


def bulk(way: Way, statement: str, count: int) -> dict:
    if way.contestant:
        way.contestant.forget_peak()
    before, start = way.cpu(), time.monotonic()
    with open(os.devnull, "w") as nowhere:
        done = subprocess.run(
            ["psql", "-qAtX", "-v", "FETCH_COUNT=0", "-c", statement], env=way.environment, stdout=nowhere, stderr=subprocess.PIPE
        )
    if done.returncode != 0:
        raise SystemExit(f"psql through {way.name} failed: {done.stderr.decode()[-2000:]}")
    seconds = time.monotonic() - start
    peak = way.contestant.resident_mebibytes(peak=True) if way.contestant else 0
    return {"throughput": count / seconds, "cpu": (way.cpu() - before) / count * 1e6, "memory": peak}


def idle_sessions(way: Way, count: int, folder: pathlib.Path) -> float:
    """Resident memory while `count` clients are signed in, have run one statement each, and say nothing."""
    script = folder / "idle.sql"
    script.write_text("SELECT 1;\n\\sleep 60 s\n")
    client = subprocess.Popen(
        ["pgbench", "-n", "-c", str(count), "-j", "1", "-t", "1", "-f", str(script)], env=way.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(25)
        if client.poll() is not None:
            raise SystemExit(f"pgbench with {count} sessions through {way.name} ended early")
        return way.contestant.resident_mebibytes()
    finally:
        client.kill()
        client.wait()


def run(ways: list[Way], relay: Way, options: argparse.Namespace, folder: pathlib.Path) -> list[dict]:
    rows: list[dict] = []
    units = {"throughput": "/s", "cpu": "us each", "latency": "us mean", "memory": "MiB peak"}

    def compare(case: str, measure, ways: list[Way] = ways) -> None:
        rounds = {way.name: [] for way in ways}
        for _ in range(options.rounds):
            for way in ways:
                rounds[way.name].append(measure(way))
        for metric in rounds["Sallyport"][0]:
            medians = {name: statistics.median(r[metric] for r in measured) for name, measured in rounds.items()}
            for peer in [name for name in medians if name != "Sallyport"]:
                if metric not in ("cpu", "memory") or peer != "direct":
                    rows.append(row(case, metric, units[metric], medians["Sallyport"], medians[peer], peer))
                    last = rows[-1]
                    print(f"  {case}: {metric} {last['ours']:.1f} / {peer} {last['peer']:.1f} = {last['ratio']:.2f}", flush=True)

    for mode in ("simple", "extended", "prepared"):
        for clients in (1, 8, 64):
            compare(f"pgbench -S {mode}, {clients} clients", lambda way: pgbench(way, mode, clients, options.seconds),
                    [*ways, relay])
    compare("COPY out, 3 million rows", lambda way: bulk(way, "COPY copied TO STDOUT", COPY_ROWS))
    compare("SELECT, 1 million rows", lambda way: bulk(way, "SELECT * FROM orders", BULK_ROWS))
    compare("SELECT, 1 million rows, 2 columns masked", lambda way: bulk(way, "SELECT * FROM customers", BULK_ROWS))
    compare("connection set-ups", lambda way: connect(way, 2000))
    memory = {way.name: idle_sessions(way, 1000, folder) for way in ways if way.contestant}
    rows.append(row("1,000 idle sessions", "memory", "MiB", memory["Sallyport"], memory["PgBouncer"], "PgBouncer"))
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", default=str(ROOT / ".build/release/sallyport"))
    arguments.add_argument("--relay", default=str(ROOT / ".build/release/relay-benchmark"))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3)
    options = arguments.parse_args()
    for tool in ("pgbouncer", "pgbench", "psql"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; `make bench-postgres` installs it")
    with workplace() as (folder, started):
        database = Database(folder)
        started.append(database)
        direct = Way("direct", database.port, "bench", PASSWORD)
        fill(direct)
        bouncer = pgbouncer(folder, database)
        started.append(bouncer)
        gateway, issuer, token = sallyport(folder, options.binary, database)
        started += [gateway, issuer]
        bare = bare_relay(options.relay, database)
        started.append(bare)
        ways = [
            direct, Way("PgBouncer", bouncer.port, "bench", PASSWORD, bouncer),
            Way("Sallyport", gateway.port, "alice", token, gateway),
        ]
        relay = Way("NIO relay", bare.port, "bench", PASSWORD, bare)
        report("postgres", run(ways, relay, options, folder))


if __name__ == "__main__":
    sys.exit(main())
