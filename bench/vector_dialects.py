"""The same searches over HTTP where databases have pgmind's extension and where they have pgvector.

20,000 pictures in one namespace beside 18,000 of a second and 2,000 of a third, in one database;
the queries are pictures that are not stored. Both servers run at once and are asked in turns.
Recall is against exact search by the same server.
"""
import gzip
import json
import pathlib
import time

import support
from pgmind_server import offers_pgvector

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
PIXELS = 784
LIMIT = 10
QUERIES = 100
ROUNDS = 3
BATCH = 1000
NAMESPACES = {"large": range(0, 20_000), "other": range(20_000, 38_000),
              "small": range(38_000, 40_000)}
EXACTLY = """SELECT key FROM (SELECT key, embedding <=> '{vector}' AS distance
FROM pgmind.live_entries WHERE namespace = '{namespace}' AND embedding IS NOT NULL OFFSET 0) f
ORDER BY distance, key LIMIT {limit}"""


def pictures(name, wanted):
    pixels = gzip.decompress((FOLDER / name).read_bytes())[16:]
    return [list(pixels[n * PIXELS:(n + 1) * PIXELS]) for n in wanted]


def load(server):
    begin = time.monotonic()
    for namespace, numbers in NAMESPACES.items():
        rows = pictures("train-images-idx3-ubyte.gz", numbers)
        for at in range(0, len(rows), BATCH):
            server.import_lines(namespace, "".join(
                json.dumps({"key": f"p{at + n}", "value": n, "embedding": row}) + "\n"
                for n, row in enumerate(rows[at:at + BATCH])).encode())
    server.ask("large", "VACUUM ANALYZE pgmind.memory_entries")
    stored = time.monotonic() - begin
    while any(index["database"] == "project" and index["state"] != "ready" for index in
              server.request("GET", "/api/v1/cluster/status")[1]["vector_indexes"]):
        time.sleep(0.5)
    return stored, time.monotonic() - begin


def ask(server, namespace, vector):
    begin = time.monotonic()
    status, answer = server.request("POST", "/api/v1/search", {
        "mode": "vector", "namespace": namespace, "embedding": vector, "limit": LIMIT})
    if status != 200:
        raise RuntimeError(f"search: {status} {answer}")
    return (time.monotonic() - begin) * 1000, answer


def exact(server, namespace, vectors):
    return [set(server.ask(namespace, EXACTLY.format(
        vector=json.dumps(vector), namespace=namespace, limit=LIMIT)).split())
        for vector in vectors]


def main():
    if not offers_pgvector():
        print("pgvector is not installed: nothing to compare with")
        return
    vectors = pictures("t10k-images-idx3-ubyte.gz", range(QUERIES))
    table = []
    with support.Server(shards=1) as ours, \
            support.Server(shards=1, settings=["cluster.vectors=pgvector"]) as other:
        loaded = [load(server) for server in (ours, other)]
        table.append(("storing 40,000", loaded[0][0], "s", loaded[1][0], ""))
        table.append(("until the index is ready", loaded[0][1], "s", loaded[1][1], ""))
        for namespace in ("large", "small"):
            recalls, times = [], ([], [])
            for server in (ours, other):
                right = exact(server, namespace, vectors)
                found = [ask(server, namespace, vector)[1] for vector in vectors]
                recalls.append(sum(len({hit["entry"]["key"] for hit in answer["hits"]} & wanted)
                                   for answer, wanted in zip(found, right)) / LIMIT / QUERIES)
            for _ in range(ROUNDS):
                for server, measured in zip((ours, other), times):
                    measured += [ask(server, namespace, vector)[0] for vector in vectors]
            count = len(NAMESPACES[namespace])
            table.append((f"{count} of 40,000: recall@{LIMIT}", recalls[0], "share", recalls[1],
                          ""))
            for share in (0.5, 0.95):
                table.append((f"{count} of 40,000: p{share * 100:.0f}",
                              support.percentile(times[0], share), "ms",
                              support.percentile(times[1], share), ""))
        support.report("vector_dialects", "The same searches on pgmind's extension, and on "
                       "pgvector as reference", table, queries=QUERIES)


if __name__ == "__main__":
    main()
