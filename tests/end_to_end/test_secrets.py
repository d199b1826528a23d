"""Passwords and certificates that a cluster makes for itself: changed while it works, also when it
is killed in the middle; TLS between servers and their clients."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from openapi_client import Client, entry_path
from pgmind_server import Server, clean_environment, program

ROLES = ("postgres", "pgmind_migrator", "pgmind_gateway", "pgmind_monitor")


@pytest.fixture(scope="module")
def live_server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def tls_server():
    with OwnTlsServer(shards=1, settings=["http.host_names=memory.example.org"]) as running:
        yield running


class OwnTlsServer(Server):
    """`pgmind up --tls`."""

    def command(self):
        return super().command() + ["--tls"]

    def context(self):
        return ssl.create_default_context(cafile=self.data / "ca.pem")

    def ready(self):
        try:
            return self.get("/readyz") == 200
        except OSError:
            return False

    def get(self, path):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5,
                                                 context=self.context())
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


def command(server, *arguments):
    return subprocess.run(
        [program(), *arguments, "--url", server.url, "--key-file", server.data / "admin.key"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        env=clean_environment())


def passwords(server):
    return {role: (server.data / "secrets" / f"{role}.password").read_text() for role in ROLES}


def psql(server, sql, **environment):
    return subprocess.run(
        ["psql", "-qXAt", "-c", sql], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=30, check=False,
        env={**server.postgres_environment("shard-1"), **environment})


def end_gateway_connections(server):
    """Ends the sessions of the gateway's role on all nodes; gives how many."""
    ended = 0
    for folder in ("coordinator", "shard-1", "shard-2"):
        postmaster = (server.data / folder / "postmaster.pid").read_text().split("\n")[0]
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        for child in children.split():
            title = pathlib.Path(f"/proc/{child}/cmdline").read_bytes()
            if b"pgmind_gateway" in title:
                os.kill(int(child), signal.SIGTERM)
                ended += 1
    return ended


def certificate_of(port, starttls=False):
    """The certificate that a server shows, as DER; PostgreSQL is asked for TLS first."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        if starttls:
            connection.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
            assert connection.recv(1) == b"S"
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(connection) as secured:
            return secured.getpeercert(binary_form=True)


def eventually(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Load:
    """Reads and writes until it is stopped; what failed is in `failures`."""

    def __init__(self, server, namespace, threads=4):
        self.done = 0
        self.failures = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(Client(server), namespace, n))
                        for n in range(threads)]

    def run(self, client, namespace, number):
        step = 0
        while not self.stopping.is_set():
            step += 1
            path = entry_path(namespace, f"k{number}-{step % 50}")
            for answer in (client.put(path, {"value": step}), client.get(path)):
                if answer.status >= 300:
                    self.failures.append((path, answer.status, answer.body))
            self.done += 2

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_passwords_are_changed_while_requests_go_on(live_server, namespace):
    assert Client(live_server).put(f"/api/v1/namespaces/{namespace}", {}).status < 300
    before = passwords(live_server)
    with Load(live_server, namespace) as load:
        for _ in range(10):
            done = command(live_server, "secrets", "rotate", "passwords", "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["rotated"] == list(ROLES)
            # Those that are open now would not notice: the gateway has to log in anew.
            assert psql(live_server, "SELECT 1").returncode == 0
    assert not load.failures, load.failures[:3]
    assert load.done > 100
    after = passwords(live_server)
    assert all(before[role] != after[role] for role in ROLES)
    old = psql(live_server, "SELECT 1", PGPASSWORD=before["pgmind_gateway"].strip())
    assert old.returncode != 0 and "password authentication failed" in old.stderr
    # New connections of the gateway use the new password.
    assert end_gateway_connections(live_server) > 0
    client = Client(live_server)
    eventually(lambda: client.get(entry_path(namespace, "k0-1")).status == 200)
    assert not list((live_server.data / "secrets").glob("*.next"))


def test_a_rotation_that_was_killed_goes_on(namespace):
    with Server(shards=2) as server:
        client = Client(server)
        assert client.put(f"/api/v1/namespaces/{namespace}", {}).status < 300
        interrupted = 0
        for attempt in range(12):
            before = passwords(server)
            rotation = threading.Thread(target=rotate_quietly, args=(server,))
            rotation.start()
            # A little later each time, so that it is cut off in different places.
            begin = time.monotonic()
            while time.monotonic() - begin < 0.004 * attempt:
                pass
            server.kill()
            rotation.join()
            interrupted += bool(list((server.data / "secrets").glob("*.next")))
            server.end_leftovers()
            server.start()
            client = Client(server)
            path = entry_path(namespace, f"k{attempt}")
            assert client.put(path, {"value": attempt}).status == 201
            assert client.get(path).json["value"] == attempt
            assert all(before[role] for role in ROLES)
        assert interrupted > 0
        done = command(server, "secrets", "rotate", "passwords")
        assert done.returncode == 0, done.stderr
        assert not list((server.data / "secrets").glob("*.next"))
        assert psql(server, "SELECT 1").returncode == 0


def rotate_quietly(server):
    with contextlib.suppress(Exception):
        Client(server).post("/api/v1/secrets/passwords/rotate")


def test_postgresql_speaks_tls_only_and_proves_itself(live_server):
    authority = live_server.data / "ca.pem"
    assert authority.stat().st_mode & 0o777 == 0o644
    assert (live_server.data / "secrets" / "ca.key").stat().st_mode & 0o777 == 0o600
    plain = psql(live_server, "SELECT 1", PGSSLMODE="disable")
    assert plain.returncode != 0 and "no encryption" in plain.stderr
    proved = psql(live_server, "\\conninfo", PGSSLMODE="verify-full",
                  PGSSLROOTCERT=str(authority))
    assert "protocol: TLSv1.3" in proved.stdout, proved.stderr
    other = psql(live_server, "SELECT 1", PGSSLMODE="verify-full",
                 PGSSLROOTCERT="/etc/ssl/certs/ca-certificates.crt")
    assert other.returncode != 0 and "certificate verify failed" in other.stderr


def test_certificates_are_changed_while_requests_go_on(live_server, namespace):
    assert Client(live_server).put(f"/api/v1/namespaces/{namespace}", {}).status < 300
    postgres_port = live_server.port + 1
    before = certificate_of(postgres_port, starttls=True)
    with Load(live_server, namespace, threads=2) as load:
        done = command(live_server, "secrets", "rotate", "certificates")
        assert done.returncode == 0, done.stderr
        assert "coordinator, shard-1, shard-2" in done.stdout
        eventually(lambda: certificate_of(postgres_port, starttls=True) != before)
    assert not load.failures, load.failures[:3]
    assert psql(live_server, "SELECT 1", PGSSLMODE="verify-full",
                PGSSLROOTCERT=str(live_server.data / "ca.pem")).returncode == 0


def test_the_gateway_serves_tls_with_a_certificate_of_its_cluster(tls_server):
    assert tls_server.get("/healthz") == 200
    names = ssl.create_default_context(cafile=tls_server.data / "ca.pem")
    for name in ("localhost", "memory.example.org"):
        with socket.create_connection(("127.0.0.1", tls_server.port), timeout=10) as connection:
            with names.wrap_socket(connection, server_hostname=name) as secured:
                assert secured.version() == "TLSv1.3"
    before = certificate_of(tls_server.port)
    url = f"https://127.0.0.1:{tls_server.port}"
    environment = {**clean_environment(), "PGMIND_DATA_DIRECTORY": str(tls_server.data)}
    # The command line finds authority and key of this machine's cluster by itself.
    done = subprocess.run([program(), "secrets", "rotate", "certificates", "--json", "--url", url],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rotated"] == ["coordinator", "shard-1", "gateway"]
    eventually(lambda: certificate_of(tls_server.port) != before)
    assert tls_server.get("/healthz") == 200
    tls_server.stop()
    tls_server.start()
    assert tls_server.get("/healthz") == 200


def test_files_and_an_own_certificate_are_not_both_taken(tmp_path):
    done = subprocess.run(
        [program(), "up", "--tls", "--data", tmp_path / "data", "--set",
         "http.tls_certificate_file=/nowhere"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, timeout=60, check=False, env=clean_environment())
    assert done.returncode != 0 and "http.tls_certificate_file" in done.stderr


def test_passwords_that_are_due_are_changed_by_themselves():
    with Server(shards=1) as server:
        before = passwords(server)
        server.stop()
        old = time.time() - 40 * 86400
        for role in ROLES:
            os.utime(server.data / "secrets" / f"{role}.password", (old, old))
        server.settings.append("security.rotate_passwords_days=30")
        server.start()
        eventually(lambda: all(passwords(server)[role] != before[role] for role in ROLES))
        listed = json.loads(command(server, "secrets", "list", "--json").stdout)
        assert listed["passwords_made_at"][:10] == time.strftime("%Y-%m-%d", time.gmtime())
        assert "were due and have been changed" in server.log()
