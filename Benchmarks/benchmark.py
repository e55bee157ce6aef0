"""What the benchmarks share: contestants whose processes are counted, the embedded issuer, rows and tables."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def workplace():
    """A folder, and a list of what was started: stopped in reverse order, and the folder removed, whatever happens."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-bench-"))
    # A database that runs as another user has its files below.
    os.chmod(folder, 0o755)
    started: list = []
    try:
        yield folder, started
    finally:
        for contestant in reversed(started):
            contestant.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port} after {seconds:.0f} s")


class Contestant:
    """A server under test: its processes are counted together."""

    def __init__(self, name: str, command: list[str], port: int, path: str = "/", headers: dict | None = None):
        self.name, self.port, self.path, self.headers = name, port, path, headers or {}
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)
        wait_for(port)

    def pids(self) -> list[int]:
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
        return [self.process.pid, *map(int, children.split())]

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_mebibytes(self, peak: bool = False) -> float:
        """What is resident now, or the most since `forget_peak`."""
        total = 0
        for pid in self.pids():
            name = "VmHWM" if peak else "VmRSS"
            match = re.search(rf"{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
            total += int(match.group(1)) if match else 0
        return total / 1024

    def forget_peak(self) -> None:
        for pid in self.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def sign_in(issuer_port: int) -> str:
    """Device flow as alice, approved without a browser."""
    base = f"http://127.0.0.1:{issuer_port}"
    metadata = json.load(urllib.request.urlopen(f"{base}/.well-known/openid-configuration"))

    def post(url: str, **form: str) -> dict:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
            text = answer.read()
            return json.loads(text) if answer.headers.get_content_type() == "application/json" else {}

    device = post(metadata["device_authorization_endpoint"], client_id="sallyport-cli", scope="openid email groups")
    post(device["verification_uri"], user_code=device["user_code"], username="alice", decision="approve")
    for _ in range(20):
        try:
            return post(
                metadata["token_endpoint"],
                client_id="sallyport-cli",
                device_code=device["device_code"],
                grant_type="urn:ietf:params:oauth:grant-type:device_code",
            )["id_token"]
        except urllib.error.HTTPError as error:
            error.read()
            time.sleep(float(device.get("interval", 1)))
    raise SystemExit("the embedded issuer gave no token")


def row(case: str, metric: str, unit: str, ours: float, peer: float, peer_name: str) -> dict:
    ratio = ours / peer if peer else float("nan")
    return {
        "case": case,
        "metric": metric,
        "unit": unit,
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "peer_name": peer_name,
        "ratio": round(ratio, 4),
    }


def report(name: str, rows: list[dict]) -> None:
    """Prints the rows as a table and writes them to .build/bench/NAME.json."""
    width = max(len(r["case"]) for r in rows) + 1
    print(f"{'case':{width}} {'metric':11} {'Sallyport':>12} {'peer':>12} {'':10} {'ratio':>7}")
    for r in rows:
        print(
            f"{r['case']:{width}} {r['metric']:11} {r['ours']:12.1f} {r['peer']:12.1f} {r['peer_name']:10} "
            f"{r['ratio']:7.2f}  {r['unit']}"
        )
    target = ROOT / ".build/bench" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, indent=2) + "\n")
