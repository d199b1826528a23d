"""Vector search over HTTP on 60,000 pictures of 784 pixels, against the same search in SQL.

With the index, as the gateway searches by itself, and without it (intelligence.search=exact). The
queries are pictures of the test set, which are not stored. Recall is against exact search.
"""
import gzip
import json
import os
import pathlib
import statistics
import subprocess

import support
from pgmind_server import program

PICTURES = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
NAMESPACE = "fashion-mnist"
PIXELS = 784
LIMIT = 10
QUERIES = 100
ROUNDS = 3
SECONDS = 5
# As the gateway asks: the settings hold for the one statement.
BY_INDEX = """SELECT key FROM pgmind.live_entries WHERE namespace = '{namespace}'
AND embedding IS NOT NULL AND (SELECT set_config('ruvector.ef_search', '{ef_search}', true) ||
set_config('ruvector.iterative_scan', 'relaxed_order', true)) IS NOT NULL
ORDER BY embedding <=> '{vector}' LIMIT {limit};
"""
EXACTLY = """SELECT key FROM (SELECT key, embedding <=> '{vector}' AS distance
FROM pgmind.live_entries WHERE namespace = '{namespace}' AND embedding IS NOT NULL OFFSET 0) f
ORDER BY distance, key LIMIT {limit};
"""


def queries():
    pixels = gzip.decompress(PICTURES.read_bytes())[16:]
    return [list(pixels[n * PIXELS:(n + 1) * PIXELS]) for n in range(QUERIES)]


def load(server):
    subprocess.run([str(program()), "demo", "images"], check=True, stdout=subprocess.PIPE,
                   env={**os.environ, "PGMIND_URL": server.url, "PGMIND_API_KEY": server.key})


def scripts(template, vectors, ef_search=0):
    return [template.format(namespace=NAMESPACE, vector=json.dumps(vector), limit=LIMIT,
                            ef_search=ef_search) for vector in vectors]


def exact_answers(server, node, vectors):
    answers = []
    for script in scripts(EXACTLY, vectors):
        shown = subprocess.run(["psql", "-qAtX"], input=script, check=True, text=True,
                               env=server.postgres_environment(node), stdout=subprocess.PIPE)
        answers.append(set(shown.stdout.split()))
    return answers


def body(vector, ef_search=None):
    wanted = {"mode": "vector", "namespace": NAMESPACE, "embedding": vector, "limit": LIMIT}
    return wanted if ef_search is None else {**wanted, "ef_search": ef_search}


def recall(server, vectors, exact, ef_search=None):
    right = 0
    for vector, wanted in zip(vectors, exact):
        status, answer = server.request("POST", "/api/v1/search", body(vector, ef_search))
        if status != 200:
            raise RuntimeError(f"search: {status} {answer}")
        right += len({hit["entry"]["key"] for hit in answer["hits"]} & wanted)
    return right / (LIMIT * len(vectors))


def wrk_script(vectors, ef_search=None):
    bodies = ",\n".join("[[" + json.dumps(body(vector, ef_search)) + "]]" for vector in vectors)
    return f"""local bodies = {{ {bodies} }}
local headers = wrk.headers
headers["Content-Type"] = "application/json"
request = function()
  return wrk.format("POST", "/api/v1/search", headers, bodies[math.random(1, #bodies)])
end
"""


def main():
    vectors = queries()
    table = []
    with support.Server() as server:
        load(server)
        node = server.shard_of(NAMESPACE)
        exact = exact_answers(server, node, vectors)
        for ef_search in (40, 100, 200):
            share = recall(server, vectors, exact, ef_search)
            table.append((f"ef_search {ef_search}: recall@{LIMIT}", share, "share", None,
                          ">= 0.95" if ef_search == 100 else ""))
            for clients in (1, 16):
                ours, theirs = [], []
                for _ in range(ROUNDS if ef_search == 100 else 1):
                    ours.append(support.run_wrk(server, wrk_script(vectors, ef_search), clients,
                                                SECONDS))
                    rate, latencies = support.run_pgbench(
                        server, node, scripts(BY_INDEX, vectors, ef_search), clients, SECONDS)
                    theirs.append((rate, support.percentile(latencies, 0.5),
                                   support.percentile(latencies, 0.95)))
                rate, p50, p95 = (statistics.median(column) for column in zip(*ours))
                rate_pg, p50_pg, p95_pg = (statistics.median(column) for column in zip(*theirs))
                name = f"ef_search {ef_search}, {clients} client{'s' * (clients > 1)}"
                table += [(f"{name}: p50", p50, "ms", p50_pg, ""),
                          (f"{name}: p95", p95, "ms", p95_pg, ""),
                          (f"{name}: throughput", rate, "1/s", rate_pg, "")]
        _, latencies = support.run_pgbench(server, node, scripts(EXACTLY, vectors), 1, SECONDS)
        slow_pg = support.percentile(latencies, 0.5)
        server.stop()
        server.settings.append("intelligence.search=exact")
        server.start()
        _, slow, _ = support.run_wrk(server, wrk_script(vectors), 1, SECONDS)
        table.append(("without the index, 1 client: p50", slow, "ms", slow_pg, ""))
        support.report("search_vectors", "Vector search over HTTP (with key, audited) against the "
                       "same search in SQL", table, rows=60_000, queries=QUERIES, seconds=SECONDS)


if __name__ == "__main__":
    main()
