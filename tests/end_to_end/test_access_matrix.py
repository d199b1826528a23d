"""Role x action x resource over REST, MCP, the command line and SQL: the table that people read in
the security context's README decides what each must give, and everything else must be refused."""
import json
import os
import subprocess
import time
import uuid

import pytest

from pgmind_server import ROOT, clean_environment, program
from test_mcp import Agent

DENIED_EXIT = 4
ROLES = ["admin", "app_user", "mcp_user", "readonly", "auditor"]


def promised():
    """{role: {resource: {actions}}} as src/security/README.md has it."""
    table = {}
    header = []
    for line in (ROOT / "src" / "security" / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| role | memory |"):
            header = cells
        elif header and line.startswith("| ") and not line.startswith("| ---"):
            table[cells[0]] = {name: set(actions.split())
                               for name, actions in zip(header[1:], cells[1:])}
        elif header and not line:
            break
    assert sorted(table) == sorted(ROLES)
    return table


class Caller:
    """One principal with a role on one namespace, and every way in."""

    def __init__(self, server, role, pattern):
        self.server = server
        self.name = "matrix-" + uuid.uuid4().hex[:10]
        grants = [{"role": role, "namespace_pattern": pattern}]
        body = {"name": self.name, "kind": "service", "grants": grants}
        assert server.request("POST", "/api/v1/principals", body)[0] == 201
        status, issued = server.request("POST", f"/api/v1/principals/{self.name}/keys", {})
        assert status == 201
        self.key = issued["api_key"]
        self.agent = Agent(server, self.key)
        status, sql = server.request("POST", f"/api/v1/principals/{self.name}/sql")
        assert status == (400 if role == "auditor" else 201), sql
        self.sql = sql if status == 201 else None
        if self.sql:
            deadline = time.monotonic() + 10
            while self.psql("SELECT 1", "shard-1").returncode != 0:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def rest(self, method, path, body=None):
        status, _ = self.server.request(method, "/api/v1/" + path, body,
                                        {"Authorization": "Bearer " + self.key})
        assert status < 500, (method, path, status)
        return status not in (401, 403)

    def mcp(self, tool, **arguments):
        status, _, answer = self.agent.call(tool, **arguments)
        assert status in (200, 403), (tool, answer)
        return status == 200

    def cli(self, *words):
        done = subprocess.run([str(program()), "--url", self.server.url, *words], text=True,
                              env={**clean_environment(), "PGMIND_API_KEY": self.key},
                              capture_output=True, timeout=60, check=False)
        assert done.returncode in (0, 3, DENIED_EXIT), (words, done.stderr)
        return done.returncode != DENIED_EXIT

    def psql(self, statement, node):
        nodes = [f"shard-{i + 1}" for i in range(self.server.shards)]
        return subprocess.run(
            ["psql", "-X", "-At", "-c", statement], capture_output=True, text=True, timeout=60,
            check=False,
            env={**os.environ, "PGHOST": "127.0.0.1", "PGDATABASE": "project",
                 "PGPORT": str(self.server.port + 2 + nodes.index(node)),
                 "PGUSER": self.sql["login"], "PGPASSWORD": self.sql["password"]})

    def sql_gives(self, statement, wanted, namespace):
        if not self.sql:
            return False
        done = self.psql(statement, self.server.shard_of(namespace))
        assert done.returncode == 0 or "permission denied" in done.stderr or \
            "may not" in done.stderr, done.stderr
        return done.returncode == 0 and done.stdout.strip() == wanted


def ways_in_namespace(caller, namespace):
    """(protocol, action, resource type, whether it was allowed); keys of its own for each."""
    entry = f"namespaces/{namespace}/entries/"
    yield "rest", "read", "memory", caller.rest("GET", entry + "kept")
    yield "rest", "write", "memory", caller.rest("PUT", entry + "rest", {"value": 1})
    yield "rest", "delete", "memory", caller.rest("DELETE", entry + "rest")
    yield "rest", "write", "namespaces", caller.rest("PUT", f"namespaces/{namespace}", {})
    yield "mcp", "read", "memory", caller.mcp("memory_retrieve", namespace=namespace, key="kept")
    yield "mcp", "write", "memory", caller.mcp("memory_store", namespace=namespace, key="mcp",
                                               value=1)
    yield "mcp", "delete", "memory", caller.mcp("memory_delete", namespace=namespace, key="mcp")
    yield "mcp", "write", "namespaces", caller.mcp("namespace_create", namespace=namespace)
    yield "cli", "read", "memory", caller.cli("get", namespace, "kept")
    yield "cli", "write", "memory", caller.cli("store", namespace, "cli", "1")
    yield "cli", "delete", "memory", caller.cli("delete", namespace, "cli")
    yield "sql", "read", "memory", caller.sql_gives(
        f"SELECT count(*) FROM live_entries WHERE namespace = '{namespace}' AND key = 'kept'", "1",
        namespace)
    yield "sql", "write", "memory", caller.sql_gives(
        f"SELECT version FROM sql_store('{namespace}', 'sql', '1')", "1", namespace)
    caller.server.request("PUT", f"/api/v1/{entry}sql", {"value": 1})
    yield "sql", "delete", "memory", caller.sql_gives(
        f"SELECT sql_delete('{namespace}', 'sql')", "t", namespace)


def ways_to_single_things(caller):
    yield "rest", "read", "cluster", caller.rest("GET", "cluster/status")
    yield "rest", "admin", "principals", caller.rest("GET", "principals")
    yield "rest", "read", "audit", caller.rest("GET", "audit?limit=1")
    yield "rest", "read", "audit", caller.rest(
        "GET", f"auth/explain?principal={caller.name}&action=read&resource=cluster")
    yield "rest", "read", "traces", caller.rest("GET", f"traces/{uuid.uuid4()}")
    yield "mcp", "read", "cluster", caller.mcp("cluster_status")
    yield "cli", "read", "cluster", caller.cli("status")
    yield "cli", "admin", "principals", caller.cli("principal", "list")
    yield "cli", "read", "audit", caller.cli("audit", "list", "--limit", "1")
    yield "cli", "read", "audit", caller.cli("auth", "explain", caller.name, "read", "cluster")
    yield "cli", "read", "traces", caller.cli("trace", str(uuid.uuid4()))


@pytest.mark.parametrize("role", ROLES)
def test_every_protocol_gives_what_the_table_says_and_nothing_else(server, namespace, role):
    given = promised()[role]
    inside, outside = namespace + "-in", namespace + "-out"
    for name in (inside, outside):
        assert server.request("PUT", f"/api/v1/namespaces/{name}/entries/kept",
                              {"value": 1})[0] in (200, 201)
    caller = Caller(server, role, inside)
    wrong = []
    for name in (inside, outside):
        for protocol, action, resource, allowed in ways_in_namespace(caller, name):
            if allowed != (name == inside and action in given[resource]):
                wrong.append((protocol, action, resource, name, allowed))
    for protocol, action, resource, allowed in ways_to_single_things(caller):
        # An administrator of one namespace administers nothing else.
        if allowed != (role != "admin" and action in given[resource]):
            wrong.append((protocol, action, resource, "", allowed))
    assert not wrong
    everywhere = Caller(server, role, "*")
    for protocol, action, resource, allowed in ways_to_single_things(everywhere):
        if allowed != (action in given[resource]):
            wrong.append((protocol, action, resource, "*", allowed))
    assert not wrong


def test_a_path_that_no_table_lists_is_nobodys(server):
    for path in ("/api/v1/secrets/unlisted", "/api/v1/namespaces/x/unlisted", "/admin",
                 "/api/v2/search"):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            assert server.request(method, path)[0] in (404, 405), (method, path)


def test_who_sends_too_much_is_told_when_to_come_again(server, namespace):
    caller = Caller(server, "readonly", namespace)
    body = {"grants": [{"role": "readonly", "namespace_pattern": namespace,
                        "requests_per_second": 2}]}
    assert server.request("PUT", f"/api/v1/principals/{caller.name}/grants", body)[0] == 200
    statuses = [caller.agent.call("memory_list", namespace=namespace) for _ in range(10)]
    refused = [(headers, answer) for status, headers, answer in statuses if status == 429]
    assert 4 <= len(refused) <= 6
    headers, answer = refused[0]
    assert headers["retry-after"] == "1" and headers["ratelimit-limit"] == "4"
    assert headers["ratelimit-remaining"] == "0" and answer["error"]["code"] == -32053
    assert json.dumps(answer)
    assert server.request("GET", "/api/v1/namespaces")[0] == 200
