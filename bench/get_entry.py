"""One authenticated, audited GET of an entry, against the same prepared select by pgbench."""
import json
import statistics

import support

ROWS = 20_000
ROUNDS = 3
SECONDS = 5
SELECT = """\\set n random(1, {rows})
SELECT scope.* FROM (SELECT entry_id, value, text, metadata, version,
    (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) *
    1000000)::bigint, (extract(epoch FROM expires_at) * 1000000)::bigint
FROM pgmind.memory_entries
WHERE namespace = 'bench' AND key = 'key-' || :n AND (expires_at IS NULL OR expires_at > now()))
AS scope;
"""
WRK_SCRIPT = f"""
request = function()
  return wrk.format("GET", "/api/v1/namespaces/bench/entries/key-" .. math.random(1, {ROWS}))
end
"""


def main():
    with support.Server() as server:
        lines = b"".join(json.dumps(
            {"key": f"key-{n}", "value": {"title": f"entry {n}", "body": "x" * 200, "n": n}}
        ).encode() + b"\n" for n in range(1, ROWS + 1))
        server.import_lines("bench", lines)
        node = server.shard_of("bench")
        rows = []
        for clients in (1, 16):
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(support.run_wrk(server, WRK_SCRIPT, clients, SECONDS))
                rate, latencies = support.run_pgbench(server, node, SELECT.format(rows=ROWS),
                                                      clients, SECONDS)
                theirs.append((rate, support.percentile(latencies, 0.5),
                               support.percentile(latencies, 0.95)))
            rate, p50, p95 = (statistics.median(column) for column in zip(*ours))
            rate_pg, p50_pg, p95_pg = (statistics.median(column) for column in zip(*theirs))
            rows += [
                (f"{clients} clients: added p50", p50 - p50_pg, "ms", None,
                 "< 0.2" if clients == 1 else ""),
                (f"{clients} clients: p50", p50, "ms", p50_pg, ""),
                (f"{clients} clients: p95", p95, "ms", p95_pg, ""),
                (f"{clients} clients: throughput", rate, "1/s", rate_pg,
                 ">= 0.4" if clients == 16 else ""),
            ]
        support.report("get_entry", "GET of an entry (with key, audited) against pgbench's "
                       "prepared select", rows, rows=ROWS, rounds=ROUNDS, seconds=SECONDS)


if __name__ == "__main__":
    main()
