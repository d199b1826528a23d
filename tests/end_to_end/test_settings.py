"""What the configuration says is what the running server does."""
import http.client
import json
import subprocess

import pytest

from openapi_client import Client, entry_path
from pgmind_server import Server, clean_environment, program


@pytest.fixture(scope="module")
def german_server():
    with Server(shards=1, settings=["memory.text_language=german",
                                    "postgres.connections_per_worker=20",
                                    "http.workers=4"]) as running:
        yield running


def psql(server, sql, *variables):
    """The answer to one statement on the first shard; `variables` are name=value."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
    for variable in variables:
        command += ["-v", variable]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=60,
                          env=server.postgres_environment("shard-1"))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_new_namespaces_take_the_text_language(german_server, namespace):
    client = Client(german_server)
    stored = client.put(entry_path(namespace, "k"), {"value": 1, "text": "Viele Häuser am See"})
    assert stored.status == 201, stored
    details = client.get(f"/api/v1/namespaces/{namespace}")
    assert details.json["text_language"] == "german"
    found = client.post("/api/v1/search", {"namespaces": [namespace], "query": "Haus",
                                           "mode": "text"})
    assert found.status == 200, found
    assert [hit["entry"]["key"] for hit in found.json["hits"]] == ["k"]


def test_postgresql_takes_as_many_connections_as_the_pools_may_open(german_server):
    # Two databases of a shard, four workers with twenty each, and room for others.
    assert int(psql(german_server, "SHOW max_connections")) >= 2 * 4 * 20 + 40


def test_a_language_that_postgresql_has_not_is_one_clear_line():
    server = Server(shards=1)
    try:
        done = subprocess.run(
            [program(), "up", "--data", server.data, "--shards", "1", "--port", str(server.port),
             "--postgres-port", str(server.port + 1), "--set", "memory.text_language=klingon"],
            capture_output=True, text=True, timeout=120, env=clean_environment())
    finally:
        server.close()
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "klingon" in line]
    assert len(lines) == 1 and "memory.text_language" in lines[0], done.stderr


class McpSession:
    """An MCP session with its stream of notifications."""

    def __init__(self, server):
        self.server = server
        self.session = ""
        answer = self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                          "clientInfo": {"name": "test", "version": "1"}})
        self.session = answer.getheader("Mcp-Session-Id")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/mcp", headers={**self.headers(),
                                                   "Accept": "text/event-stream"})
        self.stream = connection.getresponse()
        assert self.stream.status == 200

    def headers(self):
        known = {"Mcp-Session-Id": self.session} if self.session else {}
        return {"Authorization": "Bearer " + self.server.key, **known}

    def call(self, method, params):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/mcp", headers={
            **self.headers(), "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream"},
            body=json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return answer

    def updated(self):
        """The URI of the next resource that is said to have changed."""
        while True:
            line = self.stream.readline().decode()
            assert line, "the stream ended"
            if line.startswith("data:") and "notifications/resources/updated" in line:
                return json.loads(line.removeprefix("data:"))["params"]["uri"]


def test_subscribers_hear_of_what_sql_clients_change(german_server, namespace):
    session = McpSession(german_server)
    session.call("resources/subscribe", {"uri": f"pgmind://namespaces/{namespace}"})
    psql(german_server, "SELECT pgmind.memory_store(p_namespace => :'namespace', p_key => 'by-sql',"
         " p_value => '1')", f"namespace={namespace}")
    assert session.updated() == f"pgmind://namespaces/{namespace}/entries/by-sql"
