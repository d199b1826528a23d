"""What the benchmarks share: a running pgmind in a temporary directory, timing, tables, results."""
import http.client
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release"
PGMIND = BUILD / "apps" / "pgmind" / "pgmind"
RESULTS = ROOT / "build" / "bench"
POSTGRES_BIN = pathlib.Path(subprocess.run(["pg_config", "--bindir"], check=True, text=True,
                                           stdout=subprocess.PIPE).stdout.strip())


def free_ports(count):
    """The first of `count` consecutive ports that nothing listens on, away from the defaults."""
    for base in range(21000 + os.getpid() % 8000, 32000, count):
        sockets = []
        try:
            for port in range(base, base + count):
                probe = socket.socket()
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets.append(probe)
                probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
    raise RuntimeError("no free ports")


class Server:
    """`pgmind up` in a directory of its own, stopped and deleted at the end of a with block."""

    def __init__(self, shards=2, settings=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgmind-bench-"))
        os.chmod(self.folder, 0o755)
        self.data = self.folder / "data"
        self.shards = shards
        self.settings = list(settings)
        self.port = free_ports(shards + 2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.key = ""
        self.ready_seconds = 0.0

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *unused):
        self.close()

    def start(self):
        command = [str(PGMIND), "up", "--data", str(self.data), "--shards", str(self.shards),
                   "--port", str(self.port), "--postgres-port", str(self.port + 1)]
        for setting in self.settings:
            command += ["--set", setting]
        begin = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - begin > 120:
                raise RuntimeError("pgmind did not start: " +
                                   (self.folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.02)
        self.ready_seconds = time.monotonic() - begin
        self.key = (self.data / "admin.key").read_text().strip()

    def ready(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
            connection.close()
            return status == 200
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, method, path, body=None, headers=None):
        """One JSON call; gives (status, decoded body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        send = {"Authorization": "Bearer " + self.key, **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            send["Content-Type"] = "application/json"
        connection.request(method, path, body=body, headers=send)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def import_lines(self, namespace, lines):
        """Imports NDJSON lines (bytes); gives the seconds it took."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        begin = time.monotonic()
        connection.request("POST", f"/api/v1/namespaces/{namespace}/import", body=lines,
                           headers={"Authorization": "Bearer " + self.key,
                                    "Content-Type": "application/x-ndjson"})
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"import: {response.status} {text[:500]}")
        connection.close()
        return time.monotonic() - begin

    def shard_of(self, namespace):
        status, details = self.request("GET", f"/api/v1/namespaces/{namespace}")
        if status != 200:
            raise RuntimeError(f"namespace {namespace}: {status} {details}")
        return details["shard"]

    def postgres_environment(self, node, database="project"):
        """Environment for psql and pgbench to reach a node as the gateway's own role."""
        nodes = ["coordinator"] + [f"shard-{i + 1}" for i in range(self.shards)]
        password = (self.data / "secrets" / "gateway.password").read_text().strip()
        return {**os.environ, "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port + 1 + nodes.index(node)), "PGUSER": "pgmind_gateway",
                "PGPASSWORD": password, "PGDATABASE": database}

    def memory_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def run_pgbench(server, node, script, clients, seconds):
    """Runs one script with prepared statements; gives transactions/s and per-call latencies (ms)."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "script.sql"
        path.write_text(script)
        subprocess.run(
            [str(POSTGRES_BIN / "pgbench"), "-n", "-M", "prepared", "-f", str(path),
             "-c", str(clients), "-j", "1", "-T", str(seconds), "-l", "--log-prefix",
             str(pathlib.Path(folder) / "log")],
            env=server.postgres_environment(node), check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        latencies = []
        for log in pathlib.Path(folder).glob("log*"):
            latencies += [int(line.split()[2]) / 1000 for line in log.read_text().splitlines()]
    return len(latencies) / seconds, latencies


WRK_DONE = """
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %f %f %d\\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


def run_wrk(server, script, connections, seconds):
    """Runs a wrk script with the server's key; gives requests/s, p50 and p95 (ms). Any failed
    request fails the run."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "script.lua"
        path.write_text(f"math.randomseed({random.randrange(1 << 30)})\n"
                        f'wrk.headers["Authorization"] = "Bearer {server.key}"\n'
                        + script + WRK_DONE)
        result = subprocess.run(["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s",
                                 "-s", str(path), server.url], check=True, text=True,
                                stdout=subprocess.PIPE)
    requests, duration, p50, p95, errors = re.search(
        r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)", result.stdout).groups()
    if int(errors):
        raise RuntimeError(f"{errors} of {requests} requests failed")
    return int(requests) / (int(duration) / 1e6), float(p50), float(p95)


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))]


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next(line.split(":")[1].strip() for line in info.splitlines() if "model name" in line)
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def commit():
    result = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=False)
    return result.stdout.strip()


def report(name, title, rows, **facts):
    """Prints rows [(figure, value, unit, reference, goal)] and writes build/bench/NAME.json.

    A reference of None means there is none; the ratio is value / reference.
    """
    print(f"\n{title}")
    print(f"  {'figure':44} {'ours':>12} {'reference':>12} {'ratio':>7}  goal")
    figures = []
    for figure, value, unit, reference, goal in rows:
        ratio = value / reference if reference else None
        shown = f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
        against = "" if reference is None else (
            f"{reference:.3g}" if abs(reference) < 100 else f"{reference:,.0f}")
        print(f"  {figure + ' (' + unit + ')':44} {shown:>12} {against:>12} "
              f"{'' if ratio is None else format(ratio, '.2f'):>7}  {goal}", flush=True)
        figures.append({"figure": figure, "value": value, "unit": unit, "reference": reference,
                        "ratio": ratio, "goal": goal})
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(
        {"name": name, "figures": figures, "commit": commit(), "machine": machine(),
         "date": time.strftime("%Y-%m-%d"), **facts}, indent=2) + "\n")
