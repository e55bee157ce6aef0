#!/usr/bin/env python3
"""SSH: set-ups, commands on one connection, bytes each way, files by sftp, echo latency: direct, and through Sallyport.

One OpenSSH server serves both; Debian's own ssh and sftp drive them in interleaved rounds. "Direct" is one leg, Sallyport
is two: the caller's and its own to the host, both with key exchange and sign-in. CPU is what the kernel counted for the
gateway's process. Writes .build/bench/ssh.json.
"""

import argparse
import os
import pathlib
import pty
import select
import statistics
import subprocess
import tempfile
import time
import urllib.request

import json

from benchmark import ROOT, Contestant, free_port, report, row, sign_in

POLICY = '@id("all") @record("metadata") permit (principal, action in Action::"ssh", resource);'


class Route:
    """How a client gets to the host."""

    def __init__(self, name: str, folder: pathlib.Path, port: int, user: str, key: pathlib.Path):
        self.name, self.folder, self.port, self.user = name, folder, port, user
        self.options = [
            "-F", "none", "-o", f"Port={port}", "-o", "StrictHostKeyChecking=no", "-o",
            f"UserKnownHostsFile={folder}/known_hosts.{name}", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
            "-i", str(key),
        ]

    def ssh(self, *arguments: str, **more) -> subprocess.CompletedProcess:
        return subprocess.run(["ssh", *self.options, *arguments], check=True, **more)

    @property
    def destination(self) -> str:
        return f"{self.user}@127.0.0.1"

    def set_ups(self, count: int) -> float:
        """Connections a second, two at a time, each with one command."""
        start = time.monotonic()
        running: list[subprocess.Popen] = []
        for _ in range(count):
            if len(running) == 2:
                running.pop(0).wait()
            running.append(subprocess.Popen(["ssh", *self.options, self.destination, "true"]))
        for process in running:
            assert process.wait() == 0
        return count / (time.monotonic() - start)

    def commands(self, count: int) -> float:
        """Commands a second, one after the other on one connection."""
        control = f"{self.folder}/control.{self.name}"
        master = subprocess.Popen(["ssh", *self.options, "-N", "-M", "-S", control, self.destination])
        while not os.path.exists(control):
            time.sleep(0.02)
        start = time.monotonic()
        for _ in range(count):
            self.ssh("-S", control, self.destination, "true")
        elapsed = time.monotonic() - start
        master.terminate()
        master.wait()
        return count / elapsed

    def down(self, mebibytes: int) -> float:
        start = time.monotonic()
        self.ssh(self.destination, f"head -c {mebibytes << 20} /dev/zero", stdout=subprocess.DEVNULL)
        return mebibytes / (time.monotonic() - start)

    def up(self, mebibytes: int) -> float:
        start = time.monotonic()
        zeros = subprocess.Popen(["head", "-c", str(mebibytes << 20), "/dev/zero"], stdout=subprocess.PIPE)
        self.ssh(self.destination, "cat >/dev/null", stdin=zeros.stdout)
        return mebibytes / (time.monotonic() - start)

    def sftp(self, command: str, mebibytes: int) -> float:
        start = time.monotonic()
        subprocess.run(
            ["sftp", *self.options, "-b", "-", self.destination], input=command.encode(), check=True,
            stdout=subprocess.DEVNULL)
        return mebibytes / (time.monotonic() - start)

    def echo(self, count: int) -> float:
        """The median time in ms from a typed byte to its echo on a terminal."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("ssh", ["ssh", *self.options, "-tt", self.destination, "cat"])
        time.sleep(1)
        times = []
        for _ in range(count):
            start = time.monotonic()
            os.write(terminal, b"x")
            select.select([terminal], [], [], 5)
            times.append(time.monotonic() - start)
            os.read(terminal, 4096)
            time.sleep(0.005)
        os.write(terminal, b"\n\x04")
        # To its end: whoever closes first takes from the client what it has not read, and counts on a hang-up.
        try:
            while os.read(terminal, 4096):
                pass
        except OSError:
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--set-ups", type=int, default=60)
    parser.add_argument("--commands", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=200)
    arguments = parser.parse_args()
    binary = ROOT / ".build/release/sallyport"
    with tempfile.TemporaryDirectory(prefix="sallyport-bench-") as name:
        folder = pathlib.Path(name)
        for key in ("host", "gateway", "caller"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
        (folder / "authorized_keys").write_text((folder / "gateway.pub").read_text())
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        login = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        ports = {part: free_port() for part in ("sshd", "issuer", "ssh", "console")}
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {ports['sshd']}\nHostKey {folder}/host\nStrictModes no\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nPermitRootLogin yes\nMaxStartups 500\n"
            f"MaxSessions 100\nSetEnv HOME={folder}\nSubsystem sftp /usr/lib/openssh/sftp-server\n")
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        (folder / "policy.cedar").write_text(POLICY)
        (folder / "sallyport.yaml").write_text(
            f"""
state: state
identity:
  issuers:
    - {{issuer: "http://127.0.0.1:{ports['issuer']}", audiences: ["sallyport-cli"], client_id: "sallyport-cli", groups: {{claim: groups}}}}
listeners:
  - {{adapter: ssh, listen: "127.0.0.1:{ports['ssh']}"}}
targets:
  - {{name: bench, kind: ssh, address: "127.0.0.1:{ports['sshd']}", login: {login}, key: "file:{folder}/gateway", host_keys: ["{host_key}"]}}
policy: {{files: [policy.cedar]}}
console: {{listen: "127.0.0.1:{ports['console']}"}}
audit: {{origin: bench.sallyport.example/log}}
""")
        os.chdir(folder)
        sshd = Contestant("sshd", ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")], ports["sshd"])
        issuer = Contestant("issuer", [str(binary), "issuer", "--port", str(ports["issuer"])], ports["issuer"])
        gateway = Contestant("Sallyport", [str(binary), "serve", "--config", "sallyport.yaml"], ports["ssh"])
        try:
            measure(arguments, folder, ports, login, sign_in(ports["issuer"]), gateway)
        finally:
            for contestant in (gateway, issuer, sshd):
                contestant.stop()


def memory(sessions: int, route: Route, gateway: Contestant) -> dict:
    """What idle sessions take, in a gateway that has done nothing yet."""
    before = gateway.resident_mebibytes()
    idle = [
        subprocess.Popen(["ssh", *route.options, route.destination, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(sessions)
    ]
    for process in idle:
        # Each has its program running when that echoes a line.
        process.stdin.write(b"ready\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ready\n"
    result = row(
        f"{sessions} idle sessions", "resident", "MiB", gateway.resident_mebibytes(), before, "before")
    for process in idle:
        process.stdin.close()
        process.wait()
    return result


def measure(arguments, folder: pathlib.Path, ports: dict, login: str, token: str, gateway: Contestant) -> None:
    line = (folder / "caller.pub").read_text().strip()
    signature = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-n", "sallyport-ssh-key", "-f", folder / "caller"], input=token,
        capture_output=True, text=True, check=True).stdout
    request = urllib.request.Request(
        f"http://127.0.0.1:{ports['console']}/api/v1/ssh-keys",
        json.dumps({"public_key": line, "signature": signature}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
    direct = Route("direct", folder, ports["sshd"], login, folder / "gateway")
    ours = Route("sallyport", folder, ports["ssh"], "bench", folder / "caller")
    # Debian's OpenSSH chooses sntrup761, which takes it long; the gateway's two legs use curve25519.
    equal = Route("curve25519", folder, ports["sshd"], login, folder / "gateway")
    equal.options += ["-o", "KexAlgorithms=curve25519-sha256"]
    rows = [memory(arguments.sessions, ours, gateway)]
    size, file = arguments.mebibytes, arguments.mebibytes // 2
    subprocess.run(["head", "-c", str(file << 20), "/dev/zero"], stdout=open(folder / "large", "wb"), check=True)
    set_ups = lambda route: route.set_ups(arguments.set_ups)
    cases = {
        "set-ups": ("connections/s", set_ups),
        "set-ups, curve25519": ("connections/s", set_ups),
        "commands, one connection": ("commands/s", lambda route: route.commands(arguments.commands)),
        f"{size} MiB from a command": ("MiB/s", lambda route: route.down(size)),
        f"{size} MiB into a command": ("MiB/s", lambda route: route.up(size)),
        f"sftp get {file} MiB": ("MiB/s", lambda route: route.sftp(f"get {folder}/large {folder}/got\n", file)),
        f"sftp put {file} MiB": ("MiB/s", lambda route: route.sftp(f"put {folder}/large {folder}/put\n", file)),
    }
    for case, (unit, run) in cases.items():
        peer = equal if case.endswith("curve25519") else direct
        run(ours), run(peer)
        figures: dict[str, list[float]] = {"direct": [], "sallyport": []}
        cpu = 0.0
        for _ in range(arguments.rounds):
            figures["direct"].append(run(peer))
            before = gateway.cpu_seconds()
            figures["sallyport"].append(run(ours))
            cpu += gateway.cpu_seconds() - before
        rows.append(row(
            case, "throughput", unit, statistics.median(figures["sallyport"]), statistics.median(figures["direct"]),
            "direct"))
        print(f"# {case}: gateway CPU {cpu / arguments.rounds:.2f} s a round", flush=True)
    latency = {"direct": [], "sallyport": []}
    for _ in range(arguments.rounds):
        latency["direct"].append(direct.echo(200))
        latency["sallyport"].append(ours.echo(200))
    rows.append(row(
        "echo", "median", "ms", statistics.median(latency["sallyport"]), statistics.median(latency["direct"]), "direct"))
    rows.append(row("after all of it", "resident", "MiB", gateway.resident_mebibytes(), rows[0]["peer"], "before"))
    report("ssh", rows)


if __name__ == "__main__":
    main()
