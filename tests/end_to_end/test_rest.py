"""The REST gateway as its users see it; every answer is held against the OpenAPI document."""
import json
import time
import urllib.parse
import uuid

import pytest

from authenticator_app import code_of
from openapi_client import Client, entry_path


@pytest.fixture(scope="session")
def client(server):
    return Client(server)


def expect_problem(answer, status, field=None, name=None):
    assert answer.status == status, answer
    if field is not None:
        assert answer.json.get("field") == field, answer
    if name is not None:
        assert answer.json["type"] == "urn:pgmind:problem:" + name, answer


def store(client, namespace, key, value, **content):
    answer = client.put(entry_path(namespace, key), {"value": value, **content})
    assert answer.status in (200, 201), answer
    return answer


@pytest.mark.parametrize("value", [
    None, True, 0, -1.5, "", "text with \"quotes\" and \u20ac \U0001f600", [], {},
    [1, [2, {"a": None}]],
    {"nested": {"list": [1, 2.5, "x"]}, "empty": ""}, 12345678901234567890123])
def test_a_value_comes_back_as_it_was_stored(client, namespace, value):
    store(client, namespace, "k", value)
    answer = client.get(entry_path(namespace, "k"))
    assert answer.status == 200
    assert answer.json["value"] == value
    assert (answer.json["namespace"], answer.json["key"]) == (namespace, "k")
    assert answer.json["version"] == 1


def test_numbers_keep_their_digits(client, namespace):
    path = entry_path(namespace, "digits")
    body = '{"value": {"a": 1.10, "b": 0.1000000000000000055511151231257827, "c": 1e2}}'
    assert client.put(path, body, {"Content-Type": "application/json"}).status == 201
    text = client.get(path).body.decode()
    assert "1.10" in text and "0.1000000000000000055511151231257827" in text


@pytest.mark.parametrize("key", ["a/b/c", "with space", "dots.and-dashes",
                                 "\u00fcml\u00e4ut \u4e2d\u6587", "query", "%41", "a+b&c=d?e#f",
                                 "..", "x" * 1024], ids=lambda key: key[:20])
def test_any_key_works_in_a_path(client, namespace, key):
    created = store(client, namespace, key, {"key": key})
    assert created.status == 201
    assert client.get(created.header("location")).json["key"] == key
    assert client.delete(entry_path(namespace, key)).status == 204
    expect_problem(client.get(entry_path(namespace, key)), 404, name="not_found")


def test_versions_and_conditions(client, namespace):
    path = entry_path(namespace, "k")
    create_only = {"If-None-Match": "*"}
    first = client.put(path, {"value": 1}, create_only)
    assert (first.status, first.json["version"], first.json["created"]) == (201, 1, True)
    expect_problem(client.put(path, {"value": 1}, create_only), 412)
    second = client.put(path, {"value": 2}, {"If-Match": first.header("etag")})
    assert (second.status, second.json["version"]) == (200, 2)
    expect_problem(client.put(path, {"value": 3}, {"If-Match": first.header("etag")}), 412)
    expect_problem(client.delete(path, {"If-Match": '"1"'}), 412)
    assert client.get(path, {"If-None-Match": second.header("etag")}).status == 304
    assert client.get(path, {"If-None-Match": first.header("etag")}).status == 200
    head = client.request("HEAD", path)
    assert (head.status, head.body, head.header("etag")) == (200, b"", second.header("etag"))
    assert client.delete(path, {"If-Match": '"2"'}).status == 204
    expect_problem(client.put(path, {"value": 1}, {"If-Match": "*"}), 412)
    # Made anew it is version 1 again, but not the entry that the caller knew.
    again = client.put(path, {"value": 9})
    assert again.json["version"] == 1
    assert client.get(path, {"If-None-Match": first.header("etag")}).status == 200


def test_an_idempotency_key_stores_once(client, namespace):
    path = entry_path(namespace, "k")
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = client.put(path, {"value": 1}, headers)
    again = client.put(path, {"value": 1}, headers)
    assert (first.json["version"], again.json["version"]) == (1, 1)
    assert again.header("idempotency-replayed") == "true" and again.json["replayed"]
    reused = client.put(path, {"value": 2}, headers)
    expect_problem(reused, 422)
    assert reused.json["type"] == "urn:pgmind:problem:idempotency_key_reused"


def test_an_entry_ends_with_its_ttl(client, namespace):
    stored = store(client, namespace, "k", 1, ttl_seconds=1)
    assert stored.json["expires_at"] > stored.json["created_at"]
    deadline = time.monotonic() + 10
    while client.get(entry_path(namespace, "k")).status != 404:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get(f"/api/v1/namespaces/{namespace}/entries").json["entries"] == []


def test_scopes_are_apart_and_read_together(client, namespace):
    path = entry_path(namespace, "k")
    client.put(path + "?scope=shared", {"value": "shared"})
    expect_problem(client.get(path), 404)
    assert client.get(path + "?scope=both").json["scope"] == "shared"
    client.put(path, {"value": "project"})
    assert client.get(path + "?scope=both").json["value"] == "project"
    assert client.get(path + "?scope=shared").json["value"] == "shared"


def test_pages_hold_every_entry_once(client, namespace):
    for n in range(25):
        store(client, namespace, f"k{n:02}", n)
    for order in ("key", "-key", "updated_at", "-created_at"):
        keys, cursor = [], ""
        while True:
            query = urllib.parse.urlencode({"limit": 7, "order": order, "cursor": cursor} if cursor
                                           else {"limit": 7, "order": order})
            page = client.get(f"/api/v1/namespaces/{namespace}/entries?{query}").json
            keys += [entry["key"] for entry in page["entries"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        expected = [f"k{n:02}" for n in range(25)]
        assert keys == (expected[::-1] if order.startswith("-") else expected), order
    page = client.get(f"/api/v1/namespaces/{namespace}/entries?prefix=k1").json
    assert [entry["key"] for entry in page["entries"]] == [f"k1{n}" for n in range(10)]


def test_filters_find_what_they_say(client, namespace):
    rows = {"a": {"score": 1, "tags": ["x"], "lang": "en"},
            "b": {"score": 5, "tags": ["x", "y"], "lang": "de",
                  "author": {"email": "b@example.org"}},
            "c": {"score": 9, "tags": [], "a.b": {"and": True}},
            "d": {}}
    for key, metadata in rows.items():
        store(client, namespace, key, key, metadata=metadata)
    cases = [({"lang": "en"}, "a"), ({"score": {"gte": 5}}, "bc"),
             ({"score": {"gt": 1, "lt": 9}}, "b"),
             ({"tags": {"contains": "x"}}, "ab"), ({"lang": {"in": ["en", "de"]}}, "ab"),
             ({"author.email": {"exists": True}}, "b"), ({"score": {"exists": False}}, "d"),
             ({"or": [{"lang": "en"}, {"score": 9}]}, "ac"),
             ({"not": {"tags": {"contains": "x"}}}, "cd"),
             ({"/a.b/and": True}, "c"), ({"@created_at": {"gte": "2020-01-01T00:00:00Z"}}, "abcd"),
             ({"lang": "en", "score": 5}, "")]
    for condition, expected in cases:
        body = {"filter": condition}
        page = client.post(f"/api/v1/namespaces/{namespace}/entries/query", body).json
        assert "".join(entry["key"] for entry in page["entries"]) == expected, condition
        query = urllib.parse.urlencode({"filter": json.dumps(condition)})
        page = client.get(f"/api/v1/namespaces/{namespace}/entries?{query}").json
        assert "".join(entry["key"] for entry in page["entries"]) == expected, condition


def test_search_by_words(client, namespace):
    store(client, namespace, "zip", "compress files in parallel with several processors")
    store(client, namespace, "editor", "a small text editor")
    body = {"query": "compress files parallel", "mode": "text", "namespaces": [namespace]}
    found = client.post("/api/v1/search", body).json
    assert found["hits"][0]["entry"]["key"] == "zip"
    phrase = {**body, "query": "text editor", "match": "phrase"}
    assert [hit["entry"]["key"] for hit in client.post("/api/v1/search", phrase).json["hits"]] \
        == ["editor"]
    everywhere = client.post("/api/v1/search", {"query": "processors parallel compress"}).json
    assert any(hit["entry"]["namespace"] == namespace for hit in everywhere["hits"])


def test_search_by_meaning_and_both(client, namespace):
    store(client, namespace, "east", "pointing east", embedding=[1, 0, 0])
    store(client, namespace, "north", "pointing north", embedding=[0, 1, 0])
    body = {"embedding": [0.9, 0.1, 0], "mode": "vector", "namespace": namespace, "limit": 1}
    hit = client.post("/api/v1/search", {**body, "with_embedding": True}).json["hits"][0]
    assert hit["entry"]["key"] == "east" and hit["similarity"] > 0.9
    assert hit["entry"]["embedding"] == [1, 0, 0]
    both = {"query": "north", "embedding": [0, 1, 0], "namespace": namespace}
    assert client.post("/api/v1/search", both).json["hits"][0]["entry"]["key"] == "north"
    by_meaning = {"query": "north", "mode": "vector", "namespace": namespace}
    expect_problem(client.post("/api/v1/search", by_meaning), 501)
    notes = client.post("/api/v1/search", {"query": "north", "namespace": namespace}).json["notes"]
    assert any("embedder" in note for note in notes)
    expect_problem(client.put(entry_path(namespace, "flat"), {"value": 1, "embedding": [1, 2]}),
                   400, "embedding")


def test_namespaces_live_and_die(client, namespace):
    path = f"/api/v1/namespaces/{namespace}"
    expect_problem(client.get(path), 404)
    settings = {"dimensions": 3, "text_language": "german", "metadata": {"owner": "tests"}}
    assert client.put(path, settings).status == 201
    assert client.put(path).status == 200
    store(client, namespace, "a", "ein Text", embedding=[1, 2, 3])
    store(client, namespace, "b", 1)
    details = client.get(path).json
    assert (details["entries"], details["entries_with_embedding"]) == (2, 1)
    assert details["dimensions"] == 3
    assert (details["text_language"], details["metadata"]) == ("german", {"owner": "tests"})
    listed = client.get(f"/api/v1/namespaces?prefix={namespace}").json["namespaces"]
    assert [row["name"] for row in listed] == [namespace]
    expect_problem(client.put(path, {"text_language": "klingon"}), 400, "text_language")
    assert client.delete(path).json == {"deleted_entries": 2}
    expect_problem(client.delete(path), 404)


JSON = {"Content-Type": "application/json"}
WRONG_STORES = [
    ("{", 400, ""), ('{"value": tru}', 400, "value"), ('{"value": NaN}', 400, "value"),
    ('{"value": 1, "value": 2}', 400, "value"), ('{"value": 1} x', 400, None), ("[]", 400, None),
    ('{"text": "x"}', 400, "value"), ('{"value": 1, "colour": "red"}', 400, "colour"),
    ('{"value": 1, "metadata": []}', 400, "metadata"), ('{"value": "\\u0000"}', 400, "value"),
    ('{"value": "\\ud800"}', 400, "value"), ('{"value": 1, "embedding": []}', 400, "embedding"),
    ('{"value": 1, "embedding": [1, "x"]}', 400, "embedding[1]"),
    ('{"value": 1, "embedding": [1e39]}', 400, "embedding[0]"),
    ('{"value": 1, "ttl_seconds": 0}', 400, "ttl_seconds"),
    ('{"value": ' + "[" * 70 + "]" * 70 + "}", 400, None), ('{"value": 1e99999}', 400, "value")]


@pytest.mark.parametrize("body,status,field", WRONG_STORES, ids=lambda value: str(value)[:40])
def test_a_wrong_store_names_the_field(client, namespace, body, status, field):
    answer = client.put(entry_path(namespace, "k"), body, JSON)
    assert answer.status == status, answer
    if field is not None:
        assert answer.json.get("field", "") == field, answer
    assert answer.json["detail"]


def test_what_is_too_large_is_refused_naming_the_limit(client, namespace):
    path = entry_path(namespace, "k")
    search = {"query": "x", "namespace": namespace}
    for answer, status, field, limit in [
            (client.put(path, {"value": "x" * 2_000_000}), 413, "value", "1048576"),
            (client.put(entry_path(namespace, "x" * 1025), {"value": 1}), 400, "key", "1024"),
            (client.put(entry_path("n" * 256, "k"), {"value": 1}), 400, "namespace", "255"),
            (client.put(path, {"value": 1, "embedding": [1] * 16001}), 400, "embedding", "16000"),
            (client.post("/api/v1/search", {**search, "query": "x" * 4097}), 400, "query", "4096"),
            (client.post("/api/v1/search", {**search, "limit": 1001}), 400, "limit", "1000"),
            (client.get(f"/api/v1/namespaces/{namespace}/entries?limit=1001"), 400, "limit",
             "1000")]:
        expect_problem(answer, status, field)
        assert limit in answer.json["detail"], answer
    expect_problem(client.put(path, {"value": "x" * 10_000_000}), 413)


def test_a_vector_that_does_not_fit_is_refused(client, namespace):
    store(client, namespace, "east", "pointing east", embedding=[1, 0, 0])
    flat = client.put(entry_path(namespace, "flat"), {"value": 1, "embedding": [1, 2]})
    search = client.post("/api/v1/search", {"embedding": [1, 2], "namespace": namespace})
    for answer in (flat, search):
        expect_problem(answer, 400, "embedding")
        assert all(word in answer.json["detail"] for word in (namespace, "3", "2")), answer
    for body in ('{"value": 1, "embedding": [1, NaN, 2]}',
                 '{"value": 1, "embedding": [1, Infinity, 2]}'):
        expect_problem(client.put(entry_path(namespace, "nan"), body, JSON), 400, "embedding[1]")
    nan = '{"embedding": [1, 2, NaN], "namespace": "%s"}' % namespace
    expect_problem(client.post("/api/v1/search", nan, JSON), 400, "embedding[2]")


@pytest.mark.parametrize("query,field", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=ten", "limit"), ("cursor=bad", "cursor"),
    ("order=size", "order"), ("scope=all", "scope"), ("filter=%7B", "filter"),
    ("colour=red", "colour"),
    ("filter=%7B%22a%22%3A%7B%22gtee%22%3A1%7D%7D", "filter.a.gtee"), ("limit=1&limit=2", "limit")])
def test_a_wrong_list_names_the_parameter(client, namespace, query, field):
    expect_problem(client.get(f"/api/v1/namespaces/{namespace}/entries?{query}"), 400, field)


def test_a_cursor_of_another_list_is_refused(client, namespace):
    for n in range(3):
        store(client, namespace, f"k{n}", n)
    path = f"/api/v1/namespaces/{namespace}/entries?limit=1"
    cursor = client.get(path).json["next_cursor"]
    expect_problem(client.get(f"{path}&order=-key&cursor={cursor}"), 400, "cursor")
    expect_problem(client.get(f"{path}&cursor={cursor[:-2]}"), 400, "cursor")


def test_paths_methods_and_media_types(client, namespace):
    expect_problem(client.get("/api/v1/nothing"), 404)
    answer = client.request("PATCH", entry_path(namespace, "k"), {"value": 1})
    assert answer.status == 405 and "PUT" in answer.header("allow")
    expect_problem(client.put(entry_path(namespace, "k"), "x", {"Content-Type": "text/plain"}),
                   415, "Content-Type")
    expect_problem(client.post("/api/v1/import", "[]", JSON), 415, "Content-Type")
    expect_problem(client.get("/api/v1/me", {"Request-Timeout": "forever"}), 400,
                   "Request-Timeout")


def tour_logins(tour, name):
    """The operations of those who log in with a password, as a user that is made for it."""
    password, path = "correct horse battery", f"/api/v1/principals/{name}"
    assert tour.post("/api/v1/principals", {"name": name, "kind": "user"}).status == 201
    assert tour.put(path + "/password", {"password": "the first of two"}).status == 204
    user, other = (tour.with_key(tour.with_key("").post(
        "/api/v1/auth/login", {"name": name, "password": "the first of two"}).json["token"])
        for _ in range(2))
    first, second = (one.get("/api/v1/me").json["session_id"] for one in (user, other))
    assert len(user.get("/api/v1/auth/sessions").json["sessions"]) == 2
    assert len(tour.get(path + "/sessions").json["sessions"]) == 2
    assert user.delete("/api/v1/auth/sessions/" + second).status == 204
    assert user.post("/api/v1/auth/password", {"current_password": "the first of two",
                                               "password": password}).status == 204
    factor = "/api/v1/auth/second-factor"
    assert not user.get(factor).json["enrolled"]
    for end in (lambda code: user.post(factor + "/disable", {"password": password, "code": code}),
                lambda _: tour.delete(path + "/second-factor")):
        secret = user.post(factor, {"password": password}).json["secret"]
        codes = user.post(factor + "/confirm", {"code": code_of(secret)}).json["recovery_codes"]
        codes = user.post(factor + "/recovery-codes",
                          {"password": password, "code": codes[0]}).json["recovery_codes"]
        assert end(codes[0]).status == 204
    assert tour.delete(f"{path}/sessions/{first}").status == 204
    assert tour.put(path + "/grants", {"grants": [
        {"role": "readonly", "namespace_pattern": "docs-*"}]}).status < 300
    assert tour.post(path + "/sql").status == 201
    assert tour.delete(path + "/sql").status == 204
    assert tour.delete(path).status == 204


def test_every_operation_answers_as_documented(client, namespace):
    """A tour over all operations: each must have been seen to succeed."""
    tour = client.with_key(client.key)
    tour.seen = set()
    name = "p-" + namespace
    ndjson = {"Content-Type": "application/x-ndjson"}
    for method, path, *more in [
            ("GET", "/"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"),
            ("GET", "/api/v1/openapi.json"), ("GET", "/api/v1/me"), ("GET", "/api/v1/stats"),
            ("GET", "/api/v1/cluster/status"), ("PUT", f"/api/v1/namespaces/{namespace}", {}),
            ("PUT", entry_path(namespace, "k"), {"value": 1}), ("GET", entry_path(namespace, "k")),
            ("GET", f"/api/v1/namespaces/{namespace}/entries"),
            ("POST", f"/api/v1/namespaces/{namespace}/entries/query", {"limit": 1}),
            ("POST", "/api/v1/search", {"query": "x", "namespace": namespace}),
            ("POST", f"/api/v1/namespaces/{namespace}/import", '{"key":"i","value":1}', ndjson),
            ("POST", "/api/v1/import", json.dumps({"namespace": namespace, "key": "j", "value": 1}),
             ndjson),
            ("GET", f"/api/v1/namespaces/{namespace}/export"), ("GET", "/api/v1/export"),
            ("GET", "/api/v1/namespaces"), ("GET", f"/api/v1/namespaces/{namespace}"),
            ("DELETE", entry_path(namespace, "k")), ("DELETE", f"/api/v1/namespaces/{namespace}"),
            ("PUT", f"/api/v1/namespaces/secret-{namespace}", {"encrypted": True}),
            ("POST", f"/api/v1/namespaces/secret-{namespace}/rotate-key"),
            ("POST", f"/api/v1/namespaces/secret-{namespace}/shred"),
            ("DELETE", f"/api/v1/namespaces/secret-{namespace}"),
            ("GET", "/api/v1/secrets"), ("POST", "/api/v1/secrets/kek/rotate", {}),
            ("POST", "/api/v1/secrets/passwords/rotate"),
            ("POST", "/api/v1/secrets/certificates/rotate"),
            ("POST", "/api/v1/principals", {"name": name, "kind": "service"}),
            ("PUT", f"/api/v1/principals/{name}/grants", {"grants": [{"role": "auditor"}]}),
            ("GET", "/api/v1/principals"),
            ("POST", f"/api/v1/principals/{name}/keys", {"label": "x"}),
            ("GET", f"/api/v1/principals/{name}/keys"), ("GET", "/api/v1/audit?limit=5"),
            ("GET", f"/api/v1/auth/explain?principal={name}&action=read&resource=audit")]:
        answer = tour.request(method, path, *more)
        assert answer.status < 300, answer
    key_id = tour.get(f"/api/v1/principals/{name}/keys").json["keys"][0]["key_id"]
    assert tour.delete(f"/api/v1/keys/{key_id}").status == 204
    assert tour.delete(f"/api/v1/principals/{name}").status == 204
    tour_logins(tour, "user-of-" + name)
    request_id = str(uuid.uuid4())
    tour.get("/api/v1/me", {"X-Request-Id": request_id})
    deadline = time.monotonic() + 10
    while tour.get(f"/api/v1/traces/{request_id}").status != 200:
        assert time.monotonic() < deadline
    succeeded = {operation for operation, status in tour.seen if status < 300}
    assert succeeded == tour.document.operation_ids()
