#!/usr/bin/env python3
"""What sealing originals adds to masking: the same million rows with 2 columns masked, through two gateways of which one
seals what it masks to an auditor's key.

Both stand before one PostgreSQL and take turns. CPU is what the kernel counted for the gateway's process, without the
database and the client. Writes .build/bench/originals.json.
"""

import argparse
import statistics
import subprocess
import sys

from benchmark import ROOT, report, row, workplace
from postgres_benchmark import BULK_ROWS, CUSTOMERS, PASSWORD, Database, Way, bulk, sallyport


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", default=str(ROOT / ".build/release/sallyport"))
    arguments.add_argument("--rounds", type=int, default=15)
    options = arguments.parse_args()
    with workplace() as (folder, started):
        database = Database(folder)
        started.append(database)
        direct = Way("direct", database.port, "bench", PASSWORD)
        for database_name, statement in (("postgres", "CREATE DATABASE bench"), ("bench", CUSTOMERS), ("bench", "VACUUM ANALYZE")):
            direct.client("psql", "-qc", statement, "-d", database_name)
        ways = []
        for name, more in (("masked", ""), ("sealed", "audit: {originals: {auditor_key: auditor.pub}}")):
            own = folder / name
            own.mkdir()
            made = subprocess.run(
                [options.binary, "audit", "keygen", "--out", "auditor.key"], cwd=own, check=True, capture_output=True, text=True)
            (own / "auditor.pub").write_text(made.stdout)
            gateway, issuer, token = sallyport(own, options.binary, database, more, name)
            started += [gateway, issuer]
            ways.append(Way(name, gateway.port, "alice", token, gateway))
        rounds: dict = {way.name: [] for way in ways}
        for number in range(options.rounds + 1):
            for way in ways:
                measured = bulk(way, "SELECT * FROM customers", BULK_ROWS)
                if number:  # The first is for warming up.
                    rounds[way.name].append(measured)
        sealed = sum(file.stat().st_size for file in (folder / "sealed").rglob("*.sealed"))
        if sealed < options.rounds * BULK_ROWS * 20:
            raise SystemExit(f"only {sealed} bytes were sealed: this measures nothing")
        rows = []
        for metric, unit in (("cpu", "us a row"), ("throughput", "rows/s"), ("memory", "MiB peak")):
            ours, peer = (statistics.median(m[metric] for m in rounds[name]) for name in ("sealed", "masked"))
            rows.append(row("1 million rows, 2 columns masked and sealed", metric, unit, ours, peer, "not sealed"))
        report("originals", rows)


if __name__ == "__main__":
    sys.exit(main())
