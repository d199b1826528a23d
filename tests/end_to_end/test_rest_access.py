"""Who may do what over REST, and that every decision is written down."""
import json
import socket
import time
import uuid

import pytest

from openapi_client import Client, entry_path


@pytest.fixture(scope="session")
def admin(server):
    return Client(server)


@pytest.fixture
def make_caller(admin):
    """Makes a principal with grants and gives a client with its key."""
    def make(*grants, kind="ai_agent"):
        name = "caller-" + uuid.uuid4().hex[:10]
        body = {"name": name, "kind": kind, "grants": list(grants)}
        assert admin.post("/api/v1/principals", body).status == 201
        issued = admin.post(f"/api/v1/principals/{name}/keys", {"label": "test"})
        caller = admin.with_key(issued.json["api_key"])
        caller.name = name
        caller.key_id = issued.json["key_id"]
        eventually(lambda: caller.get("/api/v1/me").status == 200)
        return caller
    return make


def grant(role, pattern="*", deny=False):
    return {"role": role, "namespace_pattern": pattern, "deny": deny}


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def audit(admin, **query):
    path = "/api/v1/audit?" + "&".join(f"{name}={value}" for name, value in query.items())
    return admin.get(path).json["records"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic YTpi",
                                           "Bearer pgm_k1_" + "A" * 43])
def test_without_a_valid_key_nothing_is_done(admin, namespace, authorization):
    caller = admin.with_key("")
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path, body in [("GET", entry_path(namespace, "k"), None),
                               ("PUT", entry_path(namespace, "k"), {"value": 1}),
                               ("POST", "/api/v1/search", {"query": "x"}),
                               ("GET", "/api/v1/principals", None), ("GET", "/api/v1/me", None)]:
        answer = caller.request(method, path, body, headers)
        assert answer.status == 401, answer
        assert answer.header("www-authenticate").startswith("Bearer")
    assert admin.get(entry_path(namespace, "k")).status == 404


@pytest.mark.parametrize("key,reason", [("", "no credential"), ("wrong", "malformed key")])
def test_a_refused_key_is_audited(admin, key, reason):
    caller = admin.with_key(key)
    records = []

    def recorded():
        # Only a few failures a second are recorded one by one, so one may be among the others.
        refused = caller.get("/api/v1/me")
        records[:] = audit(admin, request_id=refused.header("x-request-id"))
        return records
    eventually(recorded)
    assert [(record["action"], record["decision"], record["reason"], record["principal_name"],
             record["remote_address"]) for record in records] == [
                 ("authenticate", "deny", reason, "", "127.0.0.1")]


def test_a_reader_writes_nothing(admin, make_caller, namespace):
    admin.put(entry_path(namespace, "k"), {"value": 1})
    reader = make_caller(grant("readonly", namespace))
    assert reader.get(entry_path(namespace, "k")).status == 200
    request_id = str(uuid.uuid4())
    answer = reader.put(entry_path(namespace, "k"), {"value": 2},
                            {"X-Request-Id": request_id})
    assert answer.status == 403, answer
    record = audit(admin, request_id=request_id)[0]
    assert (record["decision"], record["principal_name"], record["resource"]) == (
        "deny", reader.name, namespace)
    assert reader.delete(entry_path(namespace, "k")).status == 403
    assert admin.get(entry_path(namespace, "k")).json["value"] == 1


def test_an_agent_stays_in_its_namespaces(admin, make_caller, namespace):
    other = "other-" + namespace
    admin.put(entry_path(other, "secret"), {"value": "the secret words of others"})
    agent = make_caller(grant("mcp_user", namespace + "*"))
    assert agent.put(entry_path(namespace + "-1", "k"),
                         {"value": "words of its own"}).status == 201
    for method, path, body in [("GET", entry_path(other, "secret"), None),
                               ("PUT", entry_path(other, "x"), {"value": 1}),
                               ("GET", f"/api/v1/namespaces/{other}/entries", None),
                               ("GET", f"/api/v1/namespaces/{other}/export", None),
                               ("POST", "/api/v1/search", {"query": "words", "namespace": other}),
                               ("GET", f"/api/v1/namespaces/{other}", None),
                               ("DELETE", f"/api/v1/namespaces/{other}", None)]:
        answer = agent.request(method, path, body)
        assert answer.status == 403, answer
    hits = agent.post("/api/v1/search", {"query": "words"}).json["hits"]
    assert {hit["entry"]["namespace"] for hit in hits} == {namespace + "-1"}
    names = [row["name"] for row in agent.get("/api/v1/namespaces").json["namespaces"]]
    assert names == [namespace + "-1"]
    exported = agent.get("/api/v1/export").lines
    assert {line["namespace"] for line in exported} == {namespace + "-1"}


def test_an_import_into_a_foreign_namespace_is_refused_at_its_line(admin, make_caller, namespace):
    agent = make_caller(grant("mcp_user", namespace + "*"))
    lines = (f'{{"namespace":"{namespace}-1","key":"a","value":1}}\n'
             f'{{"namespace":"other-{namespace}","key":"a","value":1}}\n')
    answer = agent.post("/api/v1/import", lines, {"Content-Type": "application/x-ndjson"})
    assert (answer.status, answer.json["line"]) == (403, 2), answer
    assert admin.get(entry_path(f"other-{namespace}", "a")).status == 404
    denied = audit(admin, principal=agent.name, decision="deny")
    assert denied[0]["resource"] == "other-" + namespace


def test_deny_wins(make_caller, namespace):
    caller = make_caller(grant("app_user", namespace + "*"),
                         grant("app_user", namespace + "-secret", deny=True))
    assert caller.put(entry_path(namespace, "k"), {"value": 1}).status == 201
    assert caller.put(entry_path(namespace + "-secret", "k"), {"value": 1}).status == 403


def test_administration_is_for_administrators(admin, make_caller):
    for role in ("app_user", "mcp_user", "readonly", "auditor"):
        caller = make_caller(grant(role))
        for method, path, body in [("GET", "/api/v1/principals", None),
                                   ("POST", "/api/v1/principals", {"name": "x"}),
                                   ("PUT", f"/api/v1/principals/{caller.name}/grants",
                                    {"grants": [grant("admin")]}),
                                   ("POST", f"/api/v1/principals/{caller.name}/keys", {}),
                                   ("DELETE", "/api/v1/principals/admin", None)]:
            assert caller.request(method, path, body).status == 403, (role, method, path)
        expected = 200 if role == "auditor" else 403
        assert caller.get("/api/v1/audit").status == expected, role
    assert admin.get("/api/v1/principals").status == 200


def test_a_revoked_key_and_a_disabled_principal_end_at_once(admin, make_caller):
    caller = make_caller(grant("readonly"))
    assert admin.delete(f"/api/v1/keys/{caller.key_id}").status == 204
    eventually(lambda: caller.get("/api/v1/me").status == 401, 3)
    other = make_caller(grant("readonly"))
    assert admin.delete(f"/api/v1/principals/{other.name}").status == 204
    eventually(lambda: other.get("/api/v1/me").status == 401, 3)


def test_new_grants_count_within_a_second_or_so(admin, make_caller, namespace):
    caller = make_caller(grant("readonly", namespace))
    assert caller.put(entry_path(namespace, "k"), {"value": 1}).status == 403
    admin.put(f"/api/v1/principals/{caller.name}/grants",
                  {"grants": [grant("app_user", namespace)]})
    eventually(lambda: caller.put(entry_path(namespace, "k"), {"value": 1}).status < 300, 3)


def test_what_was_allowed_is_audited_with_its_outcome(admin, make_caller, namespace):
    caller = make_caller(grant("app_user", namespace))
    caller.put(entry_path(namespace, "k"), {"value": 1})
    caller.get(entry_path(namespace, "missing"))
    eventually(lambda: len(audit(admin, principal=caller.name, resource=namespace)) >= 2)
    records = audit(admin, principal=caller.name, resource=namespace)
    assert [(record["action"], record["decision"]) for record in records] == [
        ("read", "allow"), ("write", "allow")]
    assert all(record["protocol"] == "rest" and record["remote_address"] == "127.0.0.1"
               for record in records)


def test_the_audit_log_pages_backwards(admin):
    first = admin.get("/api/v1/audit?limit=3").json
    assert len(first["records"]) == 3
    second = admin.get(f"/api/v1/audit?limit=3&before={first['next_before']}").json
    sequences = [record["sequence"] for record in first["records"] + second["records"]]
    assert sequences == sorted(set(sequences), reverse=True)


def test_a_request_can_be_traced(admin, namespace):
    request_id = str(uuid.uuid4())
    admin.put(entry_path(namespace, "k"), {"value": 1}, {"X-Request-Id": request_id})
    path = f"/api/v1/traces/{request_id}"

    def names():
        answer = admin.get(path)
        return [event["name"] for event in answer.json["events"]] if answer.status == 200 else []

    eventually(lambda: "ApiEndpointCalled" in names())
    wanted = ["PrincipalAuthenticated", "PermissionChecked", "MemoryEntryStored", "AuditLogCreated",
              "ApiEndpointCalled"]
    assert [name for name in names() if name in wanted] == wanted


def test_browsers_of_other_sites_are_turned_away(admin):
    assert admin.get("/api/v1/me",
                         headers={"Origin": "https://evil.example"}).status == 403
    assert admin.get("/api/v1/me", headers={"Host": "evil.example"}).status == 421
    assert admin.get("/healthz", headers={"Host": "evil.example"}).status == 421
    own = f"http://127.0.0.1:{admin.server.port}"
    answer = admin.get("/api/v1/me", headers={"Origin": own})
    assert answer.status == 200
    assert not answer.header("access-control-allow-origin")


def test_who_is_turned_away_is_audited(admin):
    records = []

    def recorded(headers):
        answer = admin.get("/api/v1/me", headers=headers)
        records[:] = audit(admin, request_id=answer.header("x-request-id"))
        return records
    for headers, outcome in (({"Origin": "https://evil.example"}, "forbidden_origin"),
                             ({"Host": "evil.example"}, "misdirected_host")):
        eventually(lambda: recorded(headers))
        assert [(record["action"], record["resource_type"], record["decision"], record["outcome"])
                for record in records] == [("connect", "gateway", "deny", outcome)]


def test_an_allowed_request_that_fails_is_no_denial(admin, make_caller, namespace):
    caller = make_caller(grant("app_user", namespace))
    caller.get(entry_path(namespace, "missing"))
    eventually(lambda: audit(admin, principal=caller.name, resource=namespace))
    record = audit(admin, principal=caller.name, resource=namespace)[0]
    assert (record["decision"], record["outcome"], record["reason"]) == ("allow", "not_found", "")


def test_a_read_of_all_that_is_allowed_names_the_patterns(admin, make_caller, namespace):
    caller = make_caller(grant("readonly", namespace + "-*"))
    assert caller.get("/api/v1/namespaces").status == 200
    pattern = namespace + "-*"
    eventually(lambda: pattern in [record["resource"]
                                   for record in audit(admin, principal=caller.name)])


def raw_answer(server, request):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


def test_probes_of_http_1_0_need_no_host(server):
    for path in ("/healthz", "/readyz", "/metrics"):
        answer = raw_answer(server, f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert answer.startswith("HTTP/1.1 200 OK\r\n"), path
    answer = raw_answer(server, b"GET /api/v1/me HTTP/1.0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 421 Misdirected Request\r\n")


def test_two_keys_are_refused_before_either_is_looked_at(server):
    answer = raw_answer(server, f"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                        f"Bearer {server.key}\r\nAuthorization: Bearer x\r\n\r\n".encode())
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400 "), answer
    request_id = json.loads(body)["request_id"]
    assert f"X-Request-Id: {request_id}\r\n" in head


def test_metrics_name_routes_and_not_callers(admin, namespace):
    admin.get(entry_path(namespace, "k"))
    text = admin.with_key("").get("/metrics").body.decode()
    assert 'route="/api/v1/namespaces/{namespace}/entries/{key}"' in text
    assert namespace not in text


def test_a_key_in_the_query_is_no_key(admin):
    answer = admin.with_key("").get("/api/v1/me?access_token=" + admin.key)
    assert answer.status == 401
