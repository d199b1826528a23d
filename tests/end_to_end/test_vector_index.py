"""Vector search over REST, MCP and the command line goes by the index of each database."""
import json
import math
import os
import random
import subprocess
import time

import pytest

from openapi_client import Client
from pgmind_server import Server, program

NDJSON = {"Content-Type": "application/x-ndjson"}
DIMENSIONS = 16


@pytest.fixture(scope="module")
def sampling_server():
    """One that repeats every search by the index exactly, to measure recall."""
    with Server(settings=["intelligence.recall_samples_per_million=1000000"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(sampling_server):
    return Client(sampling_server)


def vectors(count, seed):
    numbers = random.Random(seed)
    return [[round(numbers.gauss(0, 1), 4) for _ in range(DIMENSIONS)] for _ in range(count)]


def nearest(rows, query, limit):
    def cosine(vector):
        return sum(a * b for a, b in zip(vector, query)) / math.hypot(*vector)
    ranked = sorted(range(len(rows)), key=lambda n: -cosine(rows[n]))
    return {f"k{n}" for n in ranked[:limit]}


def analyze(server, namespace):
    """Does what autovacuum would do within a minute: without statistics the planner takes a
    namespace for a small one."""
    environment = server.postgres_environment(server.shard_of(namespace), role="migrator")
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", "SET ROLE pgmind_owner", "-c",
                    "ANALYZE pgmind.memory_entries"], env=environment, check=True)


def fill(client, namespace, rows):
    lines = "".join(json.dumps({"key": f"k{n}", "value": n, "embedding": row,
                                "metadata": {"rare": n % 200 == 7}}) + "\n"
                    for n, row in enumerate(rows))
    answer = client.post(f"/api/v1/namespaces/{namespace}/import", lines, NDJSON)
    assert answer.status == 200 and answer.json["stored"] == len(rows), answer


def search(client, **query):
    answer = client.post("/api/v1/search", {"mode": "vector", **query})
    assert answer.status == 200, answer
    return answer.json


def until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


def test_search_goes_by_the_index_and_says_so(sampling_server, client, namespace):
    rows = vectors(800, 1)
    fill(client, namespace, rows)
    analyze(sampling_server, namespace)
    right = 0
    for query in vectors(10, 2):
        found = search(client, namespace=namespace, embedding=query, explain=True)
        [plan] = found["plans"]
        assert plan["method"] == "index" and plan["ef_search"] == 100, plan
        keys = {hit["entry"]["key"] for hit in found["hits"]}
        assert len(keys) == 10
        right += len(keys & nearest(rows, query, 10))
    assert right >= 95


def test_a_selective_filter_is_answered_exactly(client, namespace):
    fill(client, namespace, vectors(800, 3))
    found = search(client, namespace=namespace, embedding=vectors(1, 4)[0], explain=True,
                   filter={"rare": True})
    assert len(found["hits"]) == 4
    [plan] = found["plans"]
    assert plan["method"] == "exact" and plan["reason"] == "the filter leaves 4 entries"
    assert 0 <= plan["selectivity"] <= 1


def test_without_explain_there_are_no_plans(client, namespace):
    fill(client, namespace, vectors(3, 5))
    assert "plans" not in search(client, namespace=namespace, embedding=vectors(1, 4)[0])


@pytest.mark.parametrize("wrong", [0, 1001, -5])
def test_ef_search_outside_its_limits_is_refused(client, namespace, wrong):
    answer = client.post("/api/v1/search", {"mode": "vector", "namespace": namespace,
                                            "embedding": [1], "ef_search": wrong})
    assert answer.status == 400
    assert "ef_search" in repr(answer) and "1 to 1000" in repr(answer)


def test_status_shows_every_index(client):
    def ready():
        indexes = client.get("/api/v1/cluster/status").json["vector_indexes"]
        places = [(index["shard"], index["database"]) for index in indexes]
        assert places == [(f"shard-{n}", name) for n in (1, 2) for name in ("project", "shared")]
        return all(index["state"] == "ready" and not index["problem"] for index in indexes)
    until(ready, "all indexes ready")


def test_recall_of_sampled_searches_is_a_metric(client, namespace):
    fill(client, namespace, vectors(500, 6))
    for query in vectors(5, 7):
        search(client, namespace=namespace, embedding=query)
    until(lambda: b"pgmind_vector_recall_count{" in client.get("/metrics").body, "a sample")


def test_a_namespace_deleted_and_made_again_may_have_other_dimensions(client, namespace):
    fill(client, namespace, vectors(300, 8))
    assert client.delete(f"/api/v1/namespaces/{namespace}").status == 200

    def stored():
        answer = client.put(f"/api/v1/namespaces/{namespace}/entries/new",
                            {"value": 1, "embedding": [1, 2, 3]})
        assert answer.status in (200, 201, 503), answer
        return answer.status != 503
    until(stored, "the new dimensions are taken")
    found = search(client, namespace=namespace, embedding=[1, 2, 3])
    assert [hit["entry"]["key"] for hit in found["hits"]] == ["new"]


def test_the_command_line_explains(sampling_server, client, namespace):
    fill(client, namespace, vectors(1000, 9))
    analyze(sampling_server, namespace)
    environment = {**os.environ, "PGMIND_URL": sampling_server.url,
                   "PGMIND_API_KEY": sampling_server.key}

    def run(*arguments):
        done = subprocess.run([str(program()), *arguments], env=environment, timeout=60,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = run("search", "-n", namespace, "--like", "k5", "--mode", "vector", "--explain",
                "--ef-search", "50")
    assert "index" in shown and " 50 " in shown and "no filter" in shown
    assert "vector index" in run("status")
