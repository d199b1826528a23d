"""Vector search where the databases have pgvector: what differs from pgmind's own extension."""
import json
import random
import time

import pytest

from openapi_client import Client
from pgmind_server import Server, offers_pgvector

DIMENSIONS = 16
ROWS = 3000

pytestmark = pytest.mark.skipif(not offers_pgvector(),
                                reason="pgvector is not installed in this PostgreSQL")


@pytest.fixture(scope="module")
def server():
    with Server(shards=1, settings=["cluster.vectors=pgvector"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    return Client(server)


def vectors(count, seed, dimensions=DIMENSIONS):
    numbers = random.Random(seed)
    return [[round(numbers.gauss(0, 1), 4) for _ in range(dimensions)] for _ in range(count)]


def fill(client, namespace, rows):
    lines = "".join(json.dumps({"key": f"k{n}", "value": n, "embedding": row,
                                "metadata": {"rare": n % 200 == 7}}) + "\n"
                    for n, row in enumerate(rows))
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", lines,
                         {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200 and answer.json["stored"] == len(rows), answer


def search(client, namespace, embedding, **more):
    answer = client.post("/api/v1/search", {"mode": "vector", "namespace": namespace,
                                            "embedding": embedding, "explain": True, **more})
    assert answer.status == 200, answer
    [plan] = answer.json["plans"]
    return [hit["entry"]["key"] for hit in answer.json["hits"]], plan


@pytest.fixture(scope="module")
def indexed(server, client):
    """A namespace that the gateway has made an index for, beside one of others."""
    fill(client, "indexed", vectors(ROWS, 1))
    fill(client, "small", vectors(200, 2))
    server.ask("indexed", "ANALYZE pgmind.memory_entries")
    end = time.monotonic() + 90
    while True:
        [index] = [index for index in client.get("/api/v1/cluster/status").json["vector_indexes"]
                   if index["database"] == "project"]
        if index["state"] == "ready":
            return index
        assert time.monotonic() < end, index
        time.sleep(0.2)


def test_the_gateway_makes_an_index_for_the_dimensions(server, indexed):
    assert indexed["problem"] == "" and indexed["bytes"] > ROWS * DIMENSIONS * 4
    assert server.ask("indexed", "SELECT count(*) FROM pg_indexes WHERE indexname = "
                      f"'memory_entries_vectors_{DIMENSIONS}'") == "1"
    assert server.ask("indexed", "SELECT index_name FROM pgmind.vector_indexes") == \
        f"memory_entries_vectors_{DIMENSIONS}"


def test_a_large_namespace_goes_by_the_index(client, indexed):
    right = 0
    for query in vectors(10, 3):
        found, plan = search(client, "indexed", query)
        assert plan["method"] == "index" and plan["ef_search"] == 100, plan
        rows = vectors(ROWS, 1)
        norms = [sum(x * x for x in row) ** .5 for row in rows]
        ranked = sorted(range(ROWS), key=lambda n: -sum(
            a * b for a, b in zip(rows[n], query)) / norms[n])
        assert len(found) == 10
        right += len(set(found) & {f"k{n}" for n in ranked[:10]})
    assert right >= 95


def test_a_small_namespace_is_compared_exactly(client, indexed):
    found, plan = search(client, "small", vectors(1, 4)[0])
    assert len(found) == 10
    assert plan["method"] == "exact" and plan["reason"] == "there are 200 entries"


def test_a_filter_leaves_no_gaps(client, indexed):
    found, plan = search(client, "indexed", vectors(1, 5)[0], filter={"rare": True})
    assert len(found) == 10
    assert plan["method"] == "exact" and plan["reason"] == "the filter leaves 15 entries"


def test_dimensions_beyond_the_index_are_compared(client, indexed):
    fill(client, "wide", vectors(3, 6, dimensions=2001))
    found, plan = search(client, "wide", vectors(1, 7, dimensions=2001)[0])
    assert len(found) == 3
    assert plan["reason"] == "vectors of more than 2000 dimensions have no index here"


def test_other_dimensions_are_refused(client, indexed):
    for namespace in ("indexed", "small"):
        answer = client.post("/api/v1/search", {"mode": "vector", "namespace": namespace,
                                                "embedding": [1, 2, 3]})
        assert answer.status == 400 and "does not fit" in repr(answer), answer


def test_a_deleted_namespace_may_come_back_with_other_dimensions(client, indexed):
    fill(client, "again", vectors(300, 8))
    assert client.delete("/api/v1/namespaces/again").status == 200
    answer = client.put("/api/v1/namespaces/again/entries/new",
                        {"value": 1, "embedding": [1, 2, 3]})
    assert answer.status in (200, 201), answer
    assert search(client, "again", [1, 2, 3])[0] == ["new"]
