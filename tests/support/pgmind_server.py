"""A real `pgmind up` in a temporary directory, for end-to-end tests and benchmarks.

PGMIND_BINARY names the program; without it, the optimised build. PGMIND_TEST_SETTINGS are settings
of every server, "key=value key=value".
"""
import contextlib
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program():
    return pathlib.Path(os.environ.get("PGMIND_BINARY")
                        or ROOT / "build" / "release" / "apps" / "pgmind" / "pgmind")


def offers_pgvector():
    """Whether the installed PostgreSQL has pgvector."""
    folder = subprocess.run(["pg_config", "--sharedir"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    return (pathlib.Path(folder) / "extension" / "vector.control").exists()


class Ports:
    """Consecutive ports that nothing listens on, away from the defaults, kept from other tests.

    Two tests that start at the same moment would find the same ports free: a locked file holds
    them until close().
    """
    BLOCK = 40

    def __init__(self, count):
        assert count <= self.BLOCK
        folder = pathlib.Path(tempfile.gettempdir()) / f"pgmind-test-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        for base in range(21000, 32000, self.BLOCK):
            self.lock = open(folder / str(base), "wb")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.free(base, count):
                    self.first = base
                    return
            except BlockingIOError:
                pass
            self.lock.close()
        raise RuntimeError("no free ports")

    @staticmethod
    def free(base, count):
        with contextlib.ExitStack() as probes:
            for port in range(base, base + count):
                probe = probes.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
        return True

    def close(self):
        self.lock.close()


def clean_environment():
    """This process's environment without settings of pgmind."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PGMIND_")}


class Server:
    """`pgmind up` in a directory of its own, stopped and deleted at the end of a with block."""

    def __init__(self, shards=2, settings=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgmind-"))
        os.chmod(self.folder, 0o755)
        self.data = self.folder / "data"
        self.shards = shards
        self.settings = os.environ.get("PGMIND_TEST_SETTINGS", "").split() + list(settings)
        self.ports = Ports(shards + 2)
        self.port = self.ports.first
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

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def __exit__(self, *unused):
        self.close()

    def command(self):
        return [str(program()), "up", "--data", str(self.data), "--shards", str(self.shards),
                "--port", str(self.port), "--postgres-port", str(self.port + 1)]

    def start(self):
        command = self.command()
        for setting in self.settings:
            command += ["--set", setting]
        begin = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            env=clean_environment())
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - begin > 120:
                raise RuntimeError(f"pgmind did not start within {time.monotonic() - begin:.1f} s "
                                   f"(exit status {self.process.poll()}, port {self.port}): " +
                                   self.log()[-2000:])
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

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9 of pgmind alone; PostgreSQL is left to itself."""
        self.process.kill()
        self.process.wait(timeout=30)
        self.process = None

    def stop(self):
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        self.process = None

    def close(self):
        try:
            self.stop()
        finally:
            self.end_leftovers()
            self.ports.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def end_leftovers(self):
        """Ends what a killed pgmind left running on this data: by pid, if it still works there."""
        if self.running():
            self.process.kill()
            self.process.wait(timeout=30)
        for pid_file in self.data.glob("*/postmaster.pid"):
            try:
                pid = int(pid_file.read_text().split()[0])
                if os.readlink(f"/proc/{pid}/cwd") == str(pid_file.parent):
                    os.kill(pid, signal.SIGQUIT)
            except (OSError, ValueError, IndexError):
                continue

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

    def postgres_environment(self, node, database="project", role="gateway"):
        """Environment for psql and pgbench to reach a node as the gateway's own role; as
        "migrator" they may also SET ROLE pgmind_owner."""
        nodes = ["coordinator"] + [f"shard-{i + 1}" for i in range(self.shards)]
        password = (self.data / "secrets" / f"pgmind_{role}.password").read_text().strip()
        return {**os.environ, "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port + 1 + nodes.index(node)), "PGUSER": f"pgmind_{role}",
                "PGPASSWORD": password, "PGDATABASE": database}

    def ask(self, namespace, sql):
        """What psql prints for a statement of the tables' owner, where a namespace is."""
        environment = self.postgres_environment(self.shard_of(namespace), role="migrator")
        return subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql], check=True,
                              env=environment, stdout=subprocess.PIPE, text=True).stdout.strip()

    def memory_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


class AttachedServer(Server):
    """`pgmind up --attach` to servers that the test runs, which the file `services` names."""

    def __init__(self, services, settings=()):
        super().__init__(shards=1, settings=settings)
        self.services = services

    def command(self):
        return [str(program()), "up", "--data", str(self.data), "--attach", str(self.services),
                "--port", str(self.port)]
