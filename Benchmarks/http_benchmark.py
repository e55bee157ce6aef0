#!/usr/bin/env python3
"""Calls a second and CPU a call: direct, through nginx as a reverse proxy, and through Sallyport.

All three contestants answer the same requests from the same upstream (an nginx that serves files), driven by the same
wrk, in interleaved rounds; nginx writes its access log, Sallyport verifies the token, decides, masks and audits.
Prints a table and writes rows {"case", "metric", "unit", "ours", "peer", "peer_name", "ratio"} to
.build/bench/http.json, with medians over the rounds. CPU is what the kernel counted for the contestant's processes.
"""

import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

from benchmark import ROOT, Contestant, free_port, report, row, sign_in, workplace

CUSTOMER = {
    "id": "c-17",
    "name": "Dana Reyes",
    "email": "dana.reyes@example.com",
    "ssn": "536-22-8741",
    "card": {"number": "4111 1111 1111 1111", "expires": "11/29"},
    "balance": 1204.5,
}


def nginx_upstream(folder: pathlib.Path, port: int) -> Contestant:
    files = folder / "files"
    files.mkdir()
    (files / "customer.json").write_text(json.dumps(CUSTOMER))
    many = [dict(CUSTOMER, id=f"c-{i}", note="x" * 40) for i in range(4800)]
    (files / "customers.json").write_text(json.dumps(many))
    configuration = folder / "upstream.conf"
    configuration.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/upstream.pid; error_log {folder}/upstream.err;
        events {{ worker_connections 1024; }}
        http {{ types {{ application/json json; }} access_log off; keepalive_requests 1000000; keepalive_timeout 600s;
          client_body_temp_path {folder}/u1; proxy_temp_path {folder}/u2; fastcgi_temp_path {folder}/u3;
          uwsgi_temp_path {folder}/u4; scgi_temp_path {folder}/u5;
          server {{ listen 127.0.0.1:{port}; root {files}; }} }}"""
    )
    return Contestant("direct", ["nginx", "-c", str(configuration), "-e", f"{folder}/upstream.err"], port)


def nginx_proxy(folder: pathlib.Path, port: int, upstream: int) -> Contestant:
    configuration = folder / "proxy.conf"
    configuration.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/proxy.pid; error_log {folder}/proxy.err;
        events {{ worker_connections 1024; }}
        http {{ access_log {folder}/access.log; keepalive_requests 1000000; keepalive_timeout 600s;
          client_body_temp_path {folder}/p1; proxy_temp_path {folder}/p2; fastcgi_temp_path {folder}/p3;
          uwsgi_temp_path {folder}/p4; scgi_temp_path {folder}/p5;
          upstream functions {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
          server {{ listen 127.0.0.1:{port};
            location / {{ proxy_pass http://functions; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}"""
    )
    return Contestant("nginx", ["nginx", "-c", str(configuration), "-e", f"{folder}/proxy.err"], port)


def sallyport(folder: pathlib.Path, binary: str, port: int, upstream: int) -> tuple[Contestant, Contestant]:
    issuer_port, console_port = free_port(), free_port()
    issuer = Contestant("issuer", [binary, "issuer", "--port", str(issuer_port)], issuer_port)
    token = sign_in(issuer_port)
    (folder / "policy.cedar").write_text(
        """@id("read-masked") @mask("customer-pii")
        permit(principal in Group::"payments", action in Action::"http.read", resource == Function::"masked/customer.json");
        @id("bulk-masked") @mask("customer-pii")
        permit(principal in Group::"payments", action in Action::"http.read", resource == Function::"masked/customers.json");
        @id("read-plain")
        permit(principal in Group::"payments", action in Action::"http.read", resource in Target::"plain");
        """
    )
    configuration = folder / "sallyport.yaml"
    configuration.write_text(
        f"""state: state
log: {{level: warning}}
listeners:
  - {{adapter: http, listen: "127.0.0.1:{port}"}}
console: {{listen: "127.0.0.1:{console_port}"}}
identity:
  issuers:
    - {{issuer: "http://127.0.0.1:{issuer_port}", audiences: [sallyport-cli], client_id: sallyport-cli, groups: {{claim: groups}}}}
policy: {{files: [policy.cedar]}}
masking:
  rule_sets:
    - name: customer-pii
      rules:
        - {{field: ssn, transform: keep-last 4}}
        - {{detector: PAN, transform: keep-last 4}}
        - {{detector: EMAIL_ADDRESS, transform: redact}}
recording: {{minimum: metadata}}
targets:
  - {{name: masked, kind: http, url: "http://127.0.0.1:{upstream}", prefix: /masked}}
  - {{name: plain, kind: http, url: "http://127.0.0.1:{upstream}", prefix: /plain}}
"""
    )
    gateway = Contestant(
        "Sallyport", [binary, "serve", "--config", str(configuration)], port, headers={"Authorization": f"Bearer {token}"}
    )
    return gateway, issuer


def drive(contestant: Contestant, path: str, connections: int, seconds: float) -> dict:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
    for name, value in contestant.headers.items():
        command += ["-H", f"{name}: {value}"]
    before = contestant.cpu_seconds()
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{contestant.port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    used = contestant.cpu_seconds() - before
    if "Non-2xx" in output:
        raise SystemExit(f"{contestant.name} answered with errors on {path}:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", output)
    micros = float(median.group(1)) * {"us": 1, "ms": 1e3, "s": 1e6}[median.group(2)]
    return {"throughput": rate, "cpu": used / requests * 1e6, "latency": micros}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", default=str(ROOT / ".build/release/sallyport"))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3)
    options = arguments.parse_args()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; `make bench-http` installs it")

    with workplace() as (folder, started):
        direct = nginx_upstream(folder, free_port())
        started.append(direct)
        proxy = nginx_proxy(folder, free_port(), direct.port)
        started.append(proxy)
        gateway, issuer = sallyport(folder, options.binary, free_port(), direct.port)
        started += [gateway, issuer]
        run(direct, proxy, gateway, options)


def run(direct: Contestant, proxy: Contestant, gateway: Contestant, options: argparse.Namespace) -> None:
    cases = [
        ("small answer masked, 1 connection", "/customer.json", "/masked/customer.json", 1),
        ("small answer masked, 32 connections", "/customer.json", "/masked/customer.json", 32),
        ("small answer as it is, 32 connections", "/customer.json", "/plain/customer.json", 32),
        ("1 MB answer masked, 4 connections", "/customers.json", "/masked/customers.json", 4),
        ("1 MB answer as it is, 4 connections", "/customers.json", "/plain/customers.json", 4),
    ]
    rows = []
    units = {"throughput": "calls/s", "cpu": "us/call", "latency": "us median"}
    for case, plain_path, our_path, connections in cases:
        rounds: dict[str, list[dict]] = {"direct": [], "nginx": [], "ours": []}
        for _ in range(options.rounds):
            rounds["direct"].append(drive(direct, plain_path, connections, options.seconds))
            rounds["nginx"].append(drive(proxy, plain_path, connections, options.seconds))
            rounds["ours"].append(drive(gateway, our_path, connections, options.seconds))
        for metric, unit in units.items():
            ours = statistics.median(r[metric] for r in rounds["ours"])
            for peer in ("nginx", "direct"):
                theirs = statistics.median(r[metric] for r in rounds[peer])
                rows.append(row(case, metric, unit, ours, theirs, peer))
    rows.append(
        row("resident after all cases", "memory", "MiB", gateway.resident_mebibytes(), proxy.resident_mebibytes(), "nginx")
    )
    report("http", rows)


if __name__ == "__main__":
    sys.exit(main())
