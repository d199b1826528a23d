"""Single-row upserts through the gateway, against pgbench doing the same upsert."""
import statistics

import support

CLIENTS = 16
SECONDS = 5
ROUNDS = 3
KEYS = 10_000
UPSERT = """\\set n random(1, {keys})
INSERT INTO pgmind.memory_entries (namespace, key, entry_id, value, text, metadata, tsv)
VALUES ('plain', 'key-' || :n, gen_random_uuid(), '{{"title": "a short note", "n": 1}}',
        'a short note', '{{}}', to_tsvector('english', 'a short note'))
ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, text = excluded.text,
    metadata = excluded.metadata, tsv = excluded.tsv, updated_at = now(),
    version = memory_entries.version + 1;
"""
WRK_SCRIPT = f"""
wrk.method = "PUT"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{{"value": {{"title": "a short note", "n": 1}}}}'
request = function()
  return wrk.format(nil, "/api/v1/namespaces/plain/entries/key-" .. math.random(1, {KEYS}))
end
"""


def main():
    with support.Server() as server:
        server.request("PUT", "/api/v1/namespaces/plain", {})
        node = server.shard_of("plain")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(support.run_wrk(server, WRK_SCRIPT, CLIENTS, SECONDS))
            rate, latencies = support.run_pgbench(server, node, UPSERT.format(keys=KEYS), CLIENTS,
                                                  SECONDS)
            theirs.append((rate, support.percentile(latencies, 0.5),
                           support.percentile(latencies, 0.95)))
        rate, p50, p95 = (statistics.median(column) for column in zip(*ours))
        rate_pg, p50_pg, p95_pg = (statistics.median(column) for column in zip(*theirs))
        support.report("store_entry", f"Upsert of one entry, {CLIENTS} clients, against pgbench",
                       [("p50", p50, "ms", p50_pg, "<= 1.5"), ("p95", p95, "ms", p95_pg, ""),
                        ("throughput", rate, "1/s", rate_pg, ">= 0.67")],
                       rows=KEYS, clients=CLIENTS, rounds=ROUNDS)


if __name__ == "__main__":
    main()
