"""Import and export over REST."""
import gzip
import http.client
import json

import pytest

from openapi_client import Client, entry_path

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="session")
def client(server):
    return Client(server)


def lines_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def count(client, namespace):
    answer = client.get(f"/api/v1/namespaces/{namespace}")
    return answer.json["entries"] if answer.status == 200 else 0


def test_what_is_exported_can_be_imported(client, namespace):
    rows = [{"key": f"k{n:04}", "value": {"n": n, "text": f"row \u20ac {n}"},
             "metadata": {"even": n % 2 == 0}, "text": f"words of {n}",
             "embedding": [n + 1, 0.5, -1]} for n in range(1500)]
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", lines_of(rows), NDJSON)
    assert answer.status == 200 and answer.json["stored"] == 1500, answer
    exported = client.get(f"/api/v1/namespaces/{namespace}/export")
    assert len(exported.lines) == 1500
    copy = namespace + "-copy"
    moved = lines_of({**line, "namespace": copy} for line in exported.lines)
    answer = client.post("/api/v1/import", moved, NDJSON)
    assert answer.status == 200 and answer.json["stored"] == 1500, answer
    again = client.get(f"/api/v1/namespaces/{copy}/export").lines

    def essence(lines):
        return sorted((line["key"], json.dumps(line["value"], sort_keys=True), line["text"],
                       json.dumps(line["metadata"]), tuple(line["embedding"])) for line in lines)

    assert essence(again) == essence(exported.lines)


def test_gzip_is_taken(client, namespace):
    body = gzip.compress(lines_of({"key": str(n), "value": n} for n in range(3000)).encode())
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", body,
                            {**NDJSON, "Content-Encoding": "gzip"})
    assert answer.json["stored"] == 3000
    assert count(client, namespace) == 3000
    broken = client.post(f"/api/v1/namespaces/{namespace}/import", body[:-20],
                            {**NDJSON, "Content-Encoding": "gzip"})
    assert broken.status == 400, broken


def test_importing_again_replaces(client, namespace):
    path = f"/api/v1/namespaces/{namespace}/import"
    client.post(path, lines_of([{"key": "a", "value": 1}, {"key": "b", "value": 1}]), NDJSON)
    client.post(path, lines_of([{"key": "a", "value": 2}, {"key": "a", "value": 3}]), NDJSON)
    entry = client.get(entry_path(namespace, "a")).json
    assert (entry["value"], count(client, namespace)) == (3, 2)
    assert entry["version"] >= 2


def test_progress_is_told_line_by_line(client, namespace):
    rows = lines_of({"key": str(n), "value": "x" * 200} for n in range(20_000))
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", rows,
                            {**NDJSON, "Accept": "application/x-ndjson"})
    assert answer.status == 200
    assert answer.lines[-1]["done"] is True and answer.lines[-1]["stored"] == 20_000
    stored = [line["stored"] for line in answer.lines]
    assert stored == sorted(stored)


@pytest.mark.parametrize("line,field", [
    ('{"key": "x"', "key"), ('{"key": "x"}', "value"), ('{"value": 1}', "key"),
    ('{"key": "x", "value": 1, "colour": 2}', "colour"), ('{"key": "", "value": 1}', "key"),
    ('{"key": "x", "value": 1, "embedding": [1, 2]}', "embedding"),
    ('{"key": "x", "value": 1, "namespace": "elsewhere"}', "namespace"),
    ('{"key": "x", "value": "\\u0000"}', "value"), ("nonsense", "")])
def test_a_wrong_line_is_named_and_its_batch_is_not_stored(client, namespace, line, field):
    good = lines_of({"key": f"k{n}", "value": n, "embedding": [1, 2, 3]} for n in range(3))
    answer = client.post(f"/api/v1/namespaces/{namespace}/import",
                            good + "\n" + line + "\n" + good, NDJSON)
    assert answer.status == 400, answer
    assert answer.json.get("field", "") == field, answer
    assert answer.json["line"] == 5, answer
    assert answer.json["progress"]["stored"] == 0
    assert count(client, namespace) == 0


def test_batches_before_the_fault_stay(client, namespace):
    good = lines_of({"key": f"k{n}", "value": n} for n in range(12_000))
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", good + "nonsense\n", NDJSON)
    assert (answer.status, answer.json["line"]) == (400, 12_001), answer
    assert 0 < answer.json["progress"]["stored"] < 12_000
    assert count(client, namespace) == answer.json["progress"]["stored"]


def test_lines_go_to_the_namespaces_that_they_name(client, namespace):
    names = [f"{namespace}-{n}" for n in range(20)]
    rows = lines_of({"namespace": names[n % 20], "key": str(n), "value": n} for n in range(2000))
    answer = client.post("/api/v1/import", rows, NDJSON)
    assert answer.json["stored"] == 2000
    assert all(count(client, name) == 100 for name in names)


def test_an_import_that_the_client_leaves_ends(client, namespace):
    connection = http.client.HTTPConnection("127.0.0.1", client.server.port, timeout=30)
    connection.putrequest("POST", f"/api/v1/namespaces/{namespace}/import")
    connection.putheader("Authorization", "Bearer " + client.key)
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    part = lines_of({"key": str(n), "value": n} for n in range(100)).encode()
    connection.send(b"%x\r\n%s\r\n" % (len(part), part))
    connection.close()
    # Nothing of an unfinished batch is stored, and the gateway goes on.
    assert client.get("/readyz").status == 200
    assert count(client, namespace) == 0


def test_an_empty_import_and_an_export_of_nothing(client, namespace):
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", "\n\n", NDJSON)
    assert (answer.status, answer.json["stored"]) == (200, 0)
    for method in ("GET", "HEAD"):
        answer = client.request(method, f"/api/v1/namespaces/{namespace}/export")
        assert answer.status == 404, method
    client.put(f"/api/v1/namespaces/{namespace}", {})
    answer = client.get(f"/api/v1/namespaces/{namespace}/export")
    assert (answer.status, answer.body) == (200, b"")
