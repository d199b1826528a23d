"""What was acknowledged is there afterwards, whatever was killed meanwhile."""
import http.client
import json
import os
import signal
import threading
import time

ROUNDS = 10


class Writer(threading.Thread):
    """Stores entries one after another until told to stop; remembers what was acknowledged."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server = server
        self.name = name
        self.acknowledged = {}
        self.refused = []
        self.stopping = threading.Event()
        self.attempts = 0

    def run(self):
        connection = None
        while not self.stopping.is_set():
            self.attempts += 1
            key = f"{self.name}-{self.attempts % 500}"
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                            timeout=30)
                connection.request("PUT", f"/api/v1/namespaces/durable/entries/{key}",
                                   body=json.dumps({"value": {"attempt": self.attempts}}),
                                   headers={"Authorization": "Bearer " + self.server.key,
                                            "Content-Type": "application/json"})
                response = connection.getresponse()
                answer = response.read()
                if response.status in (200, 201):
                    version = json.loads(answer)["version"]
                    self.acknowledged[key] = (version, self.attempts)
                else:
                    self.refused.append((response.status, answer))
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.05)

    def finish(self):
        self.stopping.set()
        self.join(timeout=60)


def read_entry(server, connection, key):
    """(status, entry), asked again while the server says that it cannot serve now."""
    deadline = time.monotonic() + 30
    while True:
        connection.request("GET", f"/api/v1/namespaces/durable/entries/{key}",
                           headers={"Authorization": "Bearer " + server.key})
        response = connection.getresponse()
        entry = json.loads(response.read())
        if response.status != 503 or time.monotonic() > deadline:
            return response.status, entry
        time.sleep(0.05)


def check_all(server, writers, since=0):
    """Every acknowledged entry is there at its version, or at a newer one of the same writer.

    since: of each writer, only what was acknowledged from this attempt on.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    lost = []
    for writer in writers:
        for key, (version, attempt) in list(writer.acknowledged.items()):
            if attempt < since:
                continue
            status, entry = read_entry(server, connection, key)
            if status != 200 or entry["version"] < version or entry["value"]["attempt"] < attempt:
                lost.append((key, version, attempt, status, entry))
    connection.close()
    assert not lost, f"{len(lost)} acknowledged entries lost, e.g. {lost[:3]}"


def wait_for(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def test_kill_9_of_pgmind_loses_no_acknowledged_entry(restartable_server):
    server = restartable_server
    writers = [Writer(server, f"w{n}") for n in range(4)]
    for writer in writers:
        writer.start()
    for _ in range(ROUNDS):
        before = sum(len(writer.acknowledged) + writer.attempts for writer in writers)
        round_begin = min(writer.attempts for writer in writers)
        wait_for(lambda: sum(len(w.acknowledged) + w.attempts for w in writers) > before + 200,
                 30, "writing")
        server.kill()
        server.start()
        check_all(server, writers, round_begin)
    for writer in writers:
        writer.finish()
    check_all(server, writers)
    assert sum(len(writer.acknowledged) for writer in writers) > 500


def test_a_killed_shard_comes_back_and_nothing_is_lost(restartable_server):
    server = restartable_server
    server.request("PUT", "/api/v1/namespaces/durable", {})
    shard = server.shard_of("durable")
    writers = [Writer(server, f"s{n}") for n in range(2)]
    for writer in writers:
        writer.start()
    wait_for(lambda: all(len(w.acknowledged) > 50 for w in writers), 30, "writing")
    pid = int((server.data / shard / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    counts = [len(w.acknowledged) + w.attempts for w in writers]
    wait_for(server.ready, 30, "recovery")
    wait_for(lambda: all(len(w.acknowledged) + w.attempts > c + 100
                         for w, c in zip(writers, counts)), 30, "writing after the crash")
    for writer in writers:
        writer.finish()
    check_all(server, writers)
    for status, answer in [refusal for writer in writers for refusal in writer.refused]:
        problem = json.loads(answer)
        assert status in (503, 504), problem
        assert problem["detail"]


def test_sigterm_cuts_no_accepted_request(restartable_server):
    server = restartable_server
    server.request("PUT", "/api/v1/namespaces/durable", {})
    writers = [Writer(server, f"t{n}") for n in range(4)]
    for writer in writers:
        writer.start()
    wait_for(lambda: all(len(w.acknowledged) > 50 for w in writers), 30, "writing")
    server.stop()
    for writer in writers:
        writer.finish()
    server.start()
    check_all(server, writers)
    assert not [r for w in writers for r in w.refused if r[0] >= 500 and r[0] != 503]
