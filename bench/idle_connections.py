"""Memory of the gateway with 1,000 idle keep-alive connections that each made one request."""
import socket
import time

import support

CONNECTIONS = 1_000
STEP_SECONDS = 0.05
STEADY_STEPS = 10


def settled_memory_kb(server):
    """What the gateway holds when it has not changed for half a second, at the latest in 10 s."""
    steady, last = 0, server.memory_kb()
    deadline = time.monotonic() + 10
    while steady < STEADY_STEPS and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)
        now = server.memory_kb()
        steady, last = (steady + 1, now) if now == last else (0, now)
    return last


def main():
    with support.Server() as server:
        server.request("PUT", "/api/v1/namespaces/bench/entries/one", {"value": 1})
        before = server.memory_kb()
        request = (f"GET /api/v1/namespaces/bench/entries/one HTTP/1.1\r\nHost: 127.0.0.1:"
                   f"{server.port}\r\nAuthorization: Bearer {server.key}\r\n\r\n").encode()
        sockets = []
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(request)
            if b"200" not in connection.recv(4096)[:15]:
                raise RuntimeError("a request failed")
            sockets.append(connection)
        after = settled_memory_kb(server)
        for connection in sockets:
            connection.close()
        support.report("idle_connections", f"Gateway memory with {CONNECTIONS:,} idle connections",
                       [("resident before", before / 1000, "MB", None, ""),
                        ("resident with connections", after / 1000, "MB", None, "< 150"),
                        ("a connection", (after - before) / CONNECTIONS, "kB", None, "")],
                       connections=CONNECTIONS)


if __name__ == "__main__":
    main()
