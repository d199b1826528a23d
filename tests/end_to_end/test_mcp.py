"""MCP over HTTP as agents use it: who may do what, what is refused, and the trace of a search."""
import http.client
import itertools
import json
import subprocess
import time
import uuid

import pytest

from pgmind_server import clean_environment, program

VERSION = "2026-07-28"
# Every MCP search passes these, in this order (docs/ARCHITECTURE.md).
SEARCH_EVENTS = ["McpRequestReceived", "PrincipalAuthenticated", "PermissionChecked",
                 "VectorSearchInitiated", "ShardQueryExecuted", "MemoryEntriesRetrieved",
                 "AuditLogCreated", "McpResponseSent"]


class Agent:
    """Calls tools with one key."""

    def __init__(self, server, key, name=""):
        self.server = server
        self.key = key
        self.name = name

    def send(self, tool, body):
        fields = {"Content-Type": "application/json", "MCP-Protocol-Version": VERSION,
                  "Accept": "application/json, text/event-stream", "Mcp-Method": "tools/call",
                  "Mcp-Name": tool}
        if self.key:
            fields["Authorization"] = "Bearer " + self.key
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/mcp", body=body, headers=fields)
        response = connection.getresponse()
        answer = json.loads(response.read())
        headers = {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        return response.status, headers, answer

    def call(self, tool, **arguments):
        meta = {"io.modelcontextprotocol/protocolVersion": VERSION,
                "io.modelcontextprotocol/clientCapabilities": {}}
        return self.send(tool, json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": meta}}))


@pytest.fixture(scope="session")
def admin(server):
    return Agent(server, server.key)


@pytest.fixture
def make_agent(server):
    def make(role, pattern):
        name = "agent-" + uuid.uuid4().hex[:10]
        grants = [{"role": role, "namespace_pattern": pattern, "deny": False}]
        body = {"name": name, "kind": "ai_agent", "grants": grants}
        assert server.request("POST", "/api/v1/principals", body)[0] == 201
        status, issued = server.request("POST", f"/api/v1/principals/{name}/keys", {})
        assert status == 201, issued
        agent = Agent(server, issued["api_key"], name)
        eventually(lambda: agent.call("memory_stats")[0] != 401)
        return agent
    return make


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def audited(server, request_id):
    """The records of a request, once they are written."""
    records = []

    def written():
        records[:] = server.request("GET", f"/api/v1/audit?request_id={request_id}")[1]["records"]
        return records
    eventually(written)
    return records


@pytest.mark.parametrize("key", ["", "wrong", "pgm_k1_" + "A" * 43])
def test_without_a_valid_key_nothing_is_done(server, admin, namespace, key):
    status, headers, answer = Agent(server, key).call("memory_store", namespace=namespace, key="k",
                                                      value=1)
    assert (status, answer["error"]["code"]) == (401, -32050), answer
    assert headers["www-authenticate"].startswith("Bearer")
    assert "resource_metadata=" in headers["www-authenticate"]
    found = admin.call("memory_retrieve", namespace=namespace, key="k")[2]["result"]
    assert found["structuredContent"]["found"] is False


def test_a_refused_key_is_audited(server):
    records = []

    def recorded():
        # Only a few failures a second are recorded one by one, so one may be among the others.
        request_id = Agent(server, "wrong").call("memory_stats")[1]["x-request-id"]
        records[:] = server.request("GET", f"/api/v1/audit?request_id={request_id}")[1]["records"]
        return records
    eventually(recorded)
    assert [(record["action"], record["decision"], record["reason"], record["protocol"])
            for record in records] == [("authenticate", "deny", "malformed key", "mcp")]


def test_what_the_challenge_names_is_served(server):
    status, document = server.request("GET", "/.well-known/oauth-protected-resource/mcp",
                                      headers={"Authorization": ""})
    assert status == 200 and document["resource"] == server.url + "/mcp"
    assert "memory:write" in document["scopes_supported"]


def expect_denied(server, agent, answer, action, resource):
    status, headers, body = answer
    assert (status, body["error"]["code"]) == (403, -32051), body
    assert 'error="insufficient_scope"' in headers["www-authenticate"]
    records = audited(server, headers["x-request-id"])
    assert [(record["principal_name"], record["action"], record["decision"], record["resource"],
             record["protocol"]) for record in records] == [
                 (agent.name, action, "deny", resource, "mcp")]


def test_a_reader_writes_nothing(server, admin, make_agent, namespace):
    assert admin.call("memory_store", namespace=namespace, key="k", value=1)[0] == 200
    reader = make_agent("readonly", namespace)
    status, _, answer = reader.call("memory_retrieve", namespace=namespace, key="k")
    assert status == 200 and answer["result"]["structuredContent"]["found"], answer
    expect_denied(server, reader, reader.call("memory_store", namespace=namespace, key="k",
                                              value=2), "write", namespace)
    kept = admin.call("memory_retrieve", namespace=namespace, key="k")[2]["result"]
    assert kept["structuredContent"]["entry"]["value"] == 1


def test_an_agent_stays_in_its_namespaces(server, admin, make_agent, namespace):
    other = "other-" + namespace
    admin.call("memory_store", namespace=other, key="secret", value="secret words of others")
    agent = make_agent("mcp_user", namespace)
    agent.call("memory_store", namespace=namespace, key="own", value="words of its own")
    expect_denied(server, agent, agent.call("memory_store", namespace=other, key="x", value=1),
                  "write", other)
    for tool, arguments in [("memory_search", {"query": "words"}), ("memory_list", {}),
                            ("memory_retrieve", {"key": "secret"}),
                            ("search_similar", {"embedding": [1, 2]})]:
        expect_denied(server, agent, agent.call(tool, namespace=other, **arguments), "read", other)
    found = agent.call("memory_search", query="words")[2]["result"]["structuredContent"]
    assert [hit["entry"]["namespace"] for hit in found["hits"]] == [namespace]


WRONG = [
    ("memory_store", {"key": "k", "value": "x" * 2_000_000}, "value", "1048576"),
    ("memory_store", {"key": "x" * 1025, "value": 1}, "key", "1024"),
    ("memory_store", {"key": "k", "value": 1, "colour": 1}, "colour", "unknown"),
    ("memory_store", {"key": "k", "value": 1, "embedding": [1, 2]}, "embedding", "3 dimensions"),
    ("memory_store", {"key": "k", "value": 1, "embedding": [1, 1e39, 2]}, "embedding[1]", "range"),
    ("memory_store", {"value": 1}, "key", "required"),
    ("search_similar", {"embedding": [1, 2]}, "embedding", "3 and 2"),
    ("memory_search", {"query": "x" * 4097}, "query", "4096"),
    ("memory_search", {"query": "x", "limit": 1001}, "limit", "1000"),
    ("memory_list", {"cursor": "bad"}, "cursor", "")]


@pytest.mark.parametrize("tool,arguments,field,word", WRONG,
                         ids=[f"{row[0]}-{row[2]}-{row[3]}" for row in WRONG])
def test_wrong_arguments_are_an_answer_that_names_them(admin, namespace, tool, arguments, field,
                                                       word):
    admin.call("memory_store", namespace=namespace, key="fits", value=1, embedding=[1, 2, 3])
    status, _, answer = admin.call(tool, namespace=namespace, **arguments)
    assert status == 200 and answer["result"]["isError"], answer
    assert answer["result"]["_meta"]["io.pgmind/error"]["field"] == field, answer
    text = answer["result"]["content"][0]["text"]
    assert field in text and word in text, text


@pytest.mark.parametrize("arguments", ['{"key": "k", "value":', '{"key": "k", "value": NaN}'])
def test_what_is_not_json_is_refused(admin, arguments):
    status, _, answer = admin.send(
        "memory_store", '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": '
                        '{"name": "memory_store", "arguments": ' + arguments + '}}')
    assert (status, answer["error"]["code"]) == (400, -32700), answer
    assert "params.arguments.value" in answer["error"]["message"]


def without_repeats(names):
    """A search asks a shard once for what matches and once for the entries."""
    return [name for name, _ in itertools.groupby(names)]


def run_trace(server, *arguments):
    environment = {**clean_environment(), "PGMIND_URL": server.url, "PGMIND_API_KEY": server.key}
    return subprocess.run([str(program()), "trace", *arguments], capture_output=True, text=True,
                          timeout=60, check=False, env=environment)


def test_the_trace_of_a_search_shows_its_eight_steps(server, make_agent, namespace):
    agent = make_agent("mcp_user", namespace)
    agent.call("memory_store", namespace=namespace, key="pigz", value="compresses in parallel")
    status, headers, answer = agent.call("memory_search", namespace=namespace, query="parallel")
    request_id = headers["x-request-id"]
    assert status == 200
    assert answer["result"]["_meta"]["io.pgmind/requestId"] == request_id
    eventually(lambda: "McpResponseSent" in run_trace(server, "--json", request_id).stdout)
    trace = json.loads(run_trace(server, "--json", request_id).stdout)
    events = trace["events"]
    assert without_repeats(event["name"] for event in events) == SEARCH_EVENTS
    assert trace["request_id"] == request_id and trace["events_dropped"] == 0
    offsets = [event["offset_us"] for event in events]
    assert offsets == sorted(offsets) and offsets[0] == 0 < offsets[-1]
    told = {event["name"]: event["attributes"] for event in events}
    assert told["McpRequestReceived"]["tool"] == "memory_search"
    assert told["PrincipalAuthenticated"]["principal"] == agent.name
    assert told["PermissionChecked"] == {"action": "read", "resource": "memory:" + namespace,
                                         "decision": "allow"}
    assert 0 < int(told["ShardQueryExecuted"]["microseconds"]) <= offsets[-1]
    assert told["ShardQueryExecuted"]["shard"] == server.shard_of(namespace)
    assert told["MemoryEntriesRetrieved"]["count"] == "1"
    shown = run_trace(server, request_id)
    assert shown.returncode == 0, shown.stderr
    rows = [line.split() for line in shown.stdout.splitlines() if "s  " in line]
    names = without_repeats(row[3] for row in rows if row[1] in ("µs", "ms", "s"))
    assert names == SEARCH_EVENTS, shown.stdout
    assert request_id in shown.stdout


def test_an_unknown_trace_is_one_clear_line(server):
    for wrong, word in [(str(uuid.uuid4()), "trace"), ("nonsense", "UUID")]:
        done = run_trace(server, wrong)
        assert done.returncode != 0 and word in done.stderr, done
        assert len(done.stderr.splitlines()) == 1, done
