"""What the benchmarks share: load generators, tables, results. The server is tests/support's."""
import asyncio
import json
import os
import pathlib
import platform
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from pgmind_server import Server  # noqa: E402,F401  (the benchmarks use support.Server)

# Load generators are one principal at one address: the limits for these are not what is measured.
os.environ.setdefault("PGMIND_TEST_SETTINGS", "limits.principal_requests_per_second=0 "
                      "limits.address_requests_per_second=0")

RESULTS = ROOT / "build" / "bench"
POSTGRES_BIN = pathlib.Path(subprocess.run(["pg_config", "--bindir"], check=True, text=True,
                                           stdout=subprocess.PIPE).stdout.strip())


def run_pgbench(server, node, script, clients, seconds):
    """Runs a script, or one of several at random, with prepared statements; gives transactions/s
    and each latency (ms)."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for n, text in enumerate([script] if isinstance(script, str) else script):
            path = pathlib.Path(folder) / f"script{n}.sql"
            path.write_text(text)
            files += ["-f", str(path)]
        subprocess.run(
            [str(POSTGRES_BIN / "pgbench"), "-n", "-M", "prepared", *files,
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
  local failed = summary.errors
  io.write(string.format("RESULT %d %d %f %f %d status, %d connect, %d read, %d timeout\\n",
    summary.requests, summary.duration, latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, failed.status, failed.connect, failed.read, failed.timeout))
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
        r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) (.*)", result.stdout).groups()
    if re.search("[1-9]", errors):
        raise RuntimeError(f"of {requests} requests failed: {errors}")
    return int(requests) / (int(duration) / 1e6), float(p50), float(p95)


class Connection:
    """One keep-alive connection, with a key or without; gives (status, milliseconds)."""

    def __init__(self, port, key=""):
        self.port = port
        self.key = key
        self.streams = None

    async def call(self, method, path, body=""):
        begin = time.perf_counter()
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        if self.key:
            head += f"Authorization: Bearer {self.key}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write((head + "\r\n" + body).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.decode().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines
                      if line.lower().startswith("content-length:"))
        await reader.readexactly(length)
        return int(lines[0].split()[1]), (time.perf_counter() - begin) * 1000


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


def report(name, title, table, **facts):
    """Prints the table [(figure, value, unit, reference, goal)] and writes build/bench/NAME.json.

    A reference of None means there is none; the ratio is value / reference.
    """
    print(f"\n{title}")
    print(f"  {'figure':44} {'ours':>12} {'reference':>12} {'ratio':>7}  goal")
    figures = []
    for figure, value, unit, reference, goal in table:
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
