"""What a request waits for its audit record: a denial (class A: on disk before the reply) against
an allowed read (class B: queued), through a whole server."""
import asyncio

import support

SECONDS = 5
ROUNDS = 3
CLIENTS = (1, 8)


def stranger(server):
    """The key of a principal that may do nothing."""
    status, _ = server.request("POST", "/api/v1/principals",
                               {"name": "stranger", "kind": "service", "grants": []})
    assert status == 201, status
    status, issued = server.request("POST", "/api/v1/principals/stranger/keys", {"label": "bench"})
    assert status == 201, status
    return issued["api_key"]


async def one_client(port, key, status, until, latencies):
    connection = support.Connection(port, key)
    while asyncio.get_running_loop().time() < until:
        got, milliseconds = await connection.call("GET", "/api/v1/namespaces/bench")
        assert got == status, got
        latencies.append(milliseconds)


async def measure(port, key, status, clients):
    latencies = []
    until = asyncio.get_running_loop().time() + SECONDS
    await asyncio.gather(*(one_client(port, key, status, until, latencies)
                           for _ in range(clients)))
    return latencies


def main():
    rows = []
    with support.Server() as server:
        status, _ = server.request("PUT", "/api/v1/namespaces/bench", {})
        assert status < 300, status
        denied_key = stranger(server)
        asyncio.run(measure(server.port, server.key, 200, 1))  # Connections are opened by it.
        for clients in CLIENTS:
            allowed, denied = [], []
            for _ in range(ROUNDS):
                allowed += asyncio.run(measure(server.port, server.key, 200, clients))
                denied += asyncio.run(measure(server.port, denied_key, 403, clients))
            for name, share, goal in (("p50", 0.5, ""), ("p95", 0.95, "< 10")):
                rows.append((f"{clients} clients: denial {name}",
                             support.percentile(denied, share), "ms",
                             support.percentile(allowed, share), goal))
    support.report("audit", "Denials (class A) against allowed reads (class B)", rows)


if __name__ == "__main__":
    main()
