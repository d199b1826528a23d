"""Import of NDJSON through the gateway, against raw COPY of the same rows into the same table."""
import json
import statistics
import subprocess
import time

import support

ROWS = 100_000
ROUNDS = 3
COLUMNS = ("namespace, key, entry_id, value, text, metadata, tsv, created_at, updated_at, version")


def ndjson():
    return b"".join(json.dumps({
        "key": f"key-{n:07}",
        "value": {"title": f"package number {n}", "body": "parallel compression of files " * 4},
        "metadata": {"section": n % 50, "even": n % 2 == 0},
    }).encode() + b"\n" for n in range(ROWS))


def psql(server, node, sql, stdin=None):
    return subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql],
                          env=server.postgres_environment(node), check=True, input=stdin,
                          stdout=subprocess.PIPE).stdout


def raw_copy(server, node, rows, namespace):
    """Seconds that COPY FROM STDIN of the finished rows takes, the client's work included."""
    moved = rows.replace(b"\ncopied0\t", b"\n" + namespace + b"\t")
    moved = namespace + moved[len(b"copied0"):]
    begin = time.monotonic()
    psql(server, node, f"COPY pgmind.memory_entries ({COLUMNS}) FROM STDIN", moved)
    return time.monotonic() - begin


def main():
    lines = ndjson()
    with support.Server() as server:
        server.import_lines("copied0", lines)
        node = server.shard_of("copied0")
        rows = psql(server, node, f"COPY (SELECT {COLUMNS} FROM pgmind.memory_entries "
                                  "WHERE namespace = 'copied0') TO STDOUT")
        # Namespaces on the same shard, so that both sides write to one server.
        names = [f"bench{n}" for n in range(1, 200)]
        for name in names:
            server.request("PUT", f"/api/v1/namespaces/{name}", {})
        names = [name for name in names if server.shard_of(name) == node][:2 * ROUNDS]
        ours, theirs = [], []
        for n in range(ROUNDS):
            ours.append(server.import_lines(names[2 * n], lines))
            theirs.append(raw_copy(server, node, rows, names[2 * n + 1].encode()))
        seconds, reference = statistics.median(ours), statistics.median(theirs)
        support.report(
            "import_entries", f"Import of {ROWS:,} entries as NDJSON against raw COPY of the same "
            "rows into the same table",
            [("time", seconds, "s", reference, "<= 2"),
             ("throughput", ROWS / seconds, "rows/s", ROWS / reference, "")],
            rows=ROWS, rounds=ROUNDS)


if __name__ == "__main__":
    main()
