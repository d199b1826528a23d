"""pgmind on PostgreSQL servers that it did not start, as a role that is no superuser."""
import json
import re
import subprocess
import time
import types

import pytest

from pgmind_server import AttachedServer, clean_environment
from postgres_cluster import Cluster

PASSWORD = "of an administrator"


class Managed(Cluster):
    """One server for coordinator and shard, with an administrator as a managed service gives."""

    def __init__(self):
        super().__init__(types.SimpleNamespace(destdir=""))
        self.settings.pop("extension_destdir", None)

    def init(self):
        super().init()
        hba = "local all postgres trust\nlocal all all scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(hba)
        return self

    def psql(self, sql, database="postgres"):
        return self.tool("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c",
                         sql).strip()

    def offers(self, extension):
        return self.psql("SELECT count(*) FROM pg_available_extensions "
                         f"WHERE name = '{extension}'") == "1"

    def services(self, user="pgmind_admin", password=PASSWORD, mode=0o600):
        file = self.folder / "servers.conf"
        section = (f"host={self.socket}\nport=5432\nuser={user}\n"
                   f"password={password}\ndbname=postgres\n")
        file.write_text(f"[coordinator]\n{section}[shard-1]\n{section}")
        file.chmod(mode)
        return file


@pytest.fixture
def managed():
    with Managed() as server:
        server.init().start()
        server.psql("CREATE ROLE pgmind_admin LOGIN CREATEDB CREATEROLE "
                    f"PASSWORD '{PASSWORD}'")
        yield server


def refusal(server):
    """The line that the operator sees when it does not start."""
    done = subprocess.run(server.command() + [part for setting in server.settings
                                              for part in ("--set", setting)],
                          env=clean_environment(), timeout=120, capture_output=True, text=True,
                          check=False)
    assert done.returncode != 0
    return done.stderr


def until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def store(server, key, embedding):
    status, answer = server.request("PUT", f"/api/v1/namespaces/team/entries/{key}",
                                    {"value": key, "embedding": embedding})
    assert status in (200, 201), answer


def search(server, embedding):
    status, answer = server.request("POST", "/api/v1/search", {
        "mode": "vector", "namespace": "team", "embedding": embedding, "limit": 2})
    assert status == 200, answer
    return [hit["entry"]["key"] for hit in answer["hits"]]


def check_memory(server):
    store(server, "east", [1, 0, 0])
    store(server, "north", [0, 1, 0])
    store(server, "up", [0, 0, 1])
    assert search(server, [1, 0.5, 0]) == ["east", "north"]


def test_a_role_that_is_no_superuser_sets_everything_up(managed):
    with AttachedServer(managed.services()) as server:
        check_memory(server)
        assert managed.psql("SELECT count(*) FROM pg_extension WHERE extname = 'pgmind'",
                            "project") == "1"
        assert managed.psql("SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid "
                            "WHERE rolname = 'pgmind_gateway'") == "t"
        [coordinator, shard] = server.request("GET", "/api/v1/cluster/status")[1]["nodes"]
        assert coordinator["address"] == shard["address"] == f"{managed.socket}:5432"
        assert sorted(path.name for path in server.data.iterdir()) == [
            "admin.key", "lock", "pgmind.json", "secrets"]
        server.stop()
        assert managed.psql("SELECT 1") == "1", "its server is left alone"
        server.start()
        assert search(server, [0, 0, 1])[0] == "up"


def test_a_server_that_goes_away_and_comes_back(managed):
    with AttachedServer(managed.services()) as server:
        check_memory(server)
        managed.stop()
        until(lambda: not server.ready(), "not ready without PostgreSQL")
        managed.start()
        until(server.ready, "ready again")
        assert search(server, [1, 0, 0])[0] == "east"
        assert "postgres" in managed.tool("pg_ctl", "-D", managed.data, "status")


def test_pgvector_that_only_an_administrator_may_install(managed):
    if not managed.offers("vector"):
        pytest.skip("pgvector is not installed in this PostgreSQL")
    trusted = managed.psql("SELECT bool_or(trusted) FROM pg_available_extension_versions "
                           "WHERE name = 'vector'") == "t"
    with_pgvector = ["cluster.vectors=pgvector"]
    if not trusted:
        refused = AttachedServer(managed.services(), with_pgvector)
        try:
            line = refusal(refused)
            assert "an administrator must run in database" in line
            assert "CREATE EXTENSION vector SCHEMA public" in line
            for database in ("project", "shared"):
                managed.psql("CREATE EXTENSION vector SCHEMA public", database)
            # As it was left, with its secrets.
            refused.start()
            check_memory(refused)
        finally:
            refused.close()
        return
    with AttachedServer(managed.services(), with_pgvector) as server:
        check_memory(server)


def test_what_is_not_allowed_is_named(managed):
    managed.psql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    server = AttachedServer(managed.services("guest", "guest"))
    try:
        assert "must run in database postgres: CREATE ROLE pgmind_owner NOLOGIN" in refusal(server)
        managed.services("guest", "wrong")
        assert "password authentication failed" in refusal(server)
        managed.services(mode=0o644)
        assert "others may read the password of [coordinator]: chmod 600" in refusal(server)
        managed.services(mode=0o622)
        assert "others may write it" in refusal(server)
        for elsewhere in ("db.test", "127.0.0.1.db.test", "localhost\nhostaddr=192.0.2.1"):
            services = managed.services()
            services.write_text(services.read_text().replace(f"host={managed.socket}",
                                                             "host=" + elsewhere))
            assert "[coordinator] is on another machine: set sslmode" in refusal(server)
        services.write_text("[coordinator]\nhost=/tmp\nuser=a\n[shard-2]\nhost=/tmp\nuser=a\n")
        assert "[shard-2] is no node" in refusal(server)
        managed.services()
        server.settings = ["cluster.shards=2"]
        assert "cluster.shards is for a cluster that pgmind starts by itself" in refusal(server)
    finally:
        server.close()


def test_two_shards_on_one_server_are_refused_at_once(managed):
    services = managed.services()
    shard = services.read_text().partition("[shard-1]")[2].partition("[")[0]
    services.write_text(services.read_text() + "\n[shard-2]" + shard)
    server = AttachedServer(services)
    try:
        assert re.search("its data is that of shard-[12] in cluster", refusal(server))
    finally:
        server.close()


def test_a_database_of_others_is_left_alone(managed):
    managed.psql("CREATE DATABASE project")
    server = AttachedServer(managed.services())
    try:
        assert "the database project belongs to postgres, not to pgmind_owner" in refusal(server)
        assert managed.psql("SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'",
                            "project") == "0"
    finally:
        server.close()


def test_another_cluster_is_not_taken_over(managed):
    with AttachedServer(managed.services()) as first:
        check_memory(first)
        second = AttachedServer(managed.services())
        try:
            # It has other passwords too, which the servers do not know.
            assert "pgmind_migrator" in refusal(second)
            for secret in (first.data / "secrets").iterdir():
                (second.data / "secrets" / secret.name).write_text(secret.read_text())
            assert "in cluster " + json.loads((first.data / "pgmind.json").read_text())[
                "cluster_id"] in refusal(second)
        finally:
            second.close()
