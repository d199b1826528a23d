"""Encrypted namespaces: what lies on the disk; keys that are rotated or destroyed."""
import json
import os
import resource
import signal
import subprocess
import threading
import time

import pytest

from openapi_client import Client, entry_path
from pgmind_server import Server, clean_environment, program

NEEDLES = ("hidden-value-7d1f", "hidden-text-7d1f", "hidden-metadata-7d1f")
NOT_FOUND = 3
RING_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@pytest.fixture(scope="module")
def own_server():
    with Server(shards=1) as running:
        yield running


@pytest.fixture
def live_server(own_server):
    if not own_server.running():
        own_server.start()
    return own_server


@pytest.fixture
def client(live_server):
    return Client(live_server)


def command(server, *words, environment=None):
    return subprocess.run([str(program()), "--url", server.url, "--key-file",
                           str(server.data / "admin.key"), *words], capture_output=True, text=True,
                          timeout=300, env={**clean_environment(), **(environment or {})},
                          check=False)


def secret_entry(**more):
    value, text, metadata = NEEDLES
    return {"value": {"plain": value}, "text": text, "metadata": {"tag": metadata}, **more}


def encrypt(client, namespace):
    made = client.put(f"/api/v1/namespaces/{namespace}", {"encrypted": True})
    assert made.status == 201 and made.json["encrypted"] is True, made


def files_with(folder, needle):
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and needle.encode() in path.read_bytes():
            found.append(str(path))
    return found


def test_no_plaintext_reaches_the_disk(live_server, client, namespace):
    encrypt(client, namespace)
    assert client.put(entry_path(namespace, "rest"), secret_entry(embedding=[1, 0])).status == 201
    assert client.put(entry_path(namespace, "rest"), secret_entry(embedding=[1, 0])).status == 200
    line = {"key": "bulk", **secret_entry()}
    live_server.import_lines(namespace, (json.dumps(line) + "\n").encode())
    done = command(live_server, "store", namespace, "cli", json.dumps(NEEDLES[0]))
    assert done.returncode == 0, done.stderr
    control = "seen-value-7d1f"
    assert client.put(entry_path(namespace + "-plain", "k"), {"value": control}).status == 201

    read = client.get(entry_path(namespace, "rest")).json
    assert (read["value"], read["text"], read["metadata"]) == (
        {"plain": NEEDLES[0]}, NEEDLES[1], {"tag": NEEDLES[2]})
    listed = client.get(f"/api/v1/namespaces/{namespace}/entries").json["entries"]
    assert [entry["key"] for entry in listed] == ["bulk", "cli", "rest"]
    exported = client.get(f"/api/v1/namespaces/{namespace}/export").lines
    assert exported[0]["text"] == NEEDLES[1] and exported[0]["metadata"] == {"tag": NEEDLES[2]}
    hits = client.post("/api/v1/search", {"namespaces": [namespace], "embedding": [1, 0],
                                          "mode": "vector"}).json["hits"]
    assert [hit["entry"]["text"] for hit in hits] == [NEEDLES[1]]

    live_server.stop()  # Writes everything, as a checkpoint does.
    assert files_with(live_server.data, control), "the search itself works"
    for needle in NEEDLES:
        assert files_with(live_server.data, needle) == []
        assert needle not in live_server.log()


def test_what_encryption_takes_away_is_refused_with_its_reason(client, namespace):
    encrypt(client, namespace)
    assert client.put(entry_path(namespace, "k"), secret_entry(embedding=[1, 0])).status == 201
    words = client.post("/api/v1/search", {"namespaces": [namespace], "query": "hidden",
                                           "mode": "text"})
    assert words.status == 400 and "encrypted" in words.json["detail"], words
    filtered = client.post("/api/v1/search", {
        "namespaces": [namespace], "embedding": [1, 0], "mode": "vector",
        "filter": {"tag": NEEDLES[2]}})
    assert filtered.status == 400 and filtered.json["field"] == "filter", filtered
    both = client.post("/api/v1/search", {"namespaces": [namespace], "query": "hidden",
                                          "embedding": [1, 0]})
    assert both.status == 200 and "not searched by words" in both.json["notes"][0], both
    late = client.put(f"/api/v1/namespaces/{namespace}", {"encrypted": False})
    assert late.status == 400 and late.json["field"] == "encrypted"


def test_a_shredded_namespace_is_gone(live_server, client, namespace):
    encrypt(client, namespace)
    assert client.put(entry_path(namespace, "k"), secret_entry()).status == 201
    done = command(live_server, "namespace", "shred", namespace, "--yes")
    assert done.returncode == 0 and "destroyed" in done.stdout, done.stderr
    for answer in (client.get(entry_path(namespace, "k")),
                   client.put(entry_path(namespace, "k"), secret_entry()),
                   client.get(f"/api/v1/namespaces/{namespace}/entries")):
        assert answer.status == 410 and answer.json["type"].endswith(":destroyed"), answer
    assert command(live_server, "get", namespace, "k").returncode == NOT_FOUND
    psql = subprocess.run(["psql", "-XAtqc", "SELECT count(wrapped) FROM pgmind.data_keys WHERE "
                           f"namespace = '{namespace}'"], capture_output=True, text=True,
                          env=live_server.postgres_environment("coordinator", "pgmind"),
                          check=False)
    assert psql.stdout.strip() == "0", psql.stderr
    assert client.delete(f"/api/v1/namespaces/{namespace}").status == 200
    assert client.put(entry_path(namespace, "k"), {"value": 1}).status == 201


def test_a_rotation_that_was_killed_goes_on(live_server, client, namespace):
    encrypt(client, namespace)
    lines = b"".join(json.dumps({"key": f"k{n:05}", "value": {"n": n, "pad": "x" * 2000}}).encode()
                     + b"\n" for n in range(4000))
    live_server.import_lines(namespace, lines)

    def keys_in_use():
        done = subprocess.run(
            ["psql", "-XAtqc", "SELECT count(*) FROM pgmind.memory_entries e JOIN "
             "pgmind.namespaces n USING (namespace) WHERE namespace = "
             f"'{namespace}' AND pgmind.sealed_under(e.value) = n.sealed_under"],
            capture_output=True, text=True, check=True,
            env=live_server.postgres_environment(client.server.shard_of(namespace)))
        return int(done.stdout)

    def rotate():
        try:
            live_server.request("POST", f"/api/v1/namespaces/{namespace}/rotate-key")
        except (OSError, ValueError):
            pass  # It is killed in the middle.

    assert keys_in_use() == 4000
    rotation = threading.Thread(target=rotate)
    rotation.start()
    begin = time.monotonic()
    while not 0 < keys_in_use() < 4000:
        assert time.monotonic() - begin < 60
    live_server.kill()
    rotation.join()
    live_server.end_leftovers()
    live_server.start()
    client = Client(live_server)
    done_before = keys_in_use()
    assert 0 < done_before < 4000
    exported = client.get(f"/api/v1/namespaces/{namespace}/export").lines
    assert [row["value"]["n"] for row in exported] == list(range(4000))
    again = client.post(f"/api/v1/namespaces/{namespace}/rotate-key")
    assert again.json == {"reencrypted_entries": 4000 - done_before}, again
    assert keys_in_use() == 4000
    assert client.get(entry_path(namespace, "k03999")).json["value"]["n"] == 3999


def test_the_key_encryption_key_is_rotated(live_server, client, namespace):
    encrypt(client, namespace)
    assert client.put(entry_path(namespace, "k"), secret_entry()).status == 201
    before = json.loads(command(live_server, "secrets", "list", "--json").stdout)
    done = command(live_server, "secrets", "rotate", "kek", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kek_in_use"] == before["kek_in_use"] + 1
    after = client.get("/api/v1/secrets").json
    assert after["data_keys_under_older"] == 0 and after["data_keys"] == before["data_keys"]
    live_server.stop()
    live_server.start()
    assert Client(live_server).get(entry_path(namespace, "k")).json["text"] == NEEDLES[1]


def test_secrets_are_shown_nowhere(live_server, client, namespace):
    secrets = [path.read_text().strip() for path in (live_server.data / "secrets").iterdir()
               if path.name != "encryption.keys"]
    ring = (live_server.data / "secrets" / "encryption.keys").read_text().splitlines()
    secrets += [line.split()[1] for line in ring if line and not line.startswith("#")]
    assert len(secrets) >= 6
    encrypt(client, namespace)
    client.get(entry_path(namespace, "missing"))
    outputs = [live_server.log(), command(live_server, "secrets", "list").stdout,
               command(live_server, "config", "show", environment={
                   "PGMIND_SECURITY_ENCRYPTION_KEYS": f"1 {RING_KEY}"}).stdout]
    for folder in os.listdir("/proc"):
        if folder.isdigit():
            try:
                with open(f"/proc/{folder}/cmdline", "rb") as file:
                    outputs.append(file.read().decode(errors="replace"))
            except OSError:
                continue  # It has ended.
    for log in live_server.data.rglob("*.log"):
        outputs.append(log.read_text(errors="replace"))
    for secret in secrets + [RING_KEY]:
        assert not [text[:200] for text in outputs if secret in text]
    # The administrator's key was shown by the first start, on purpose and once.
    assert sum(text.count(live_server.key) for text in outputs) <= 1


def test_keys_may_not_be_given_on_the_command_line():
    server = Server(shards=1)
    try:
        done = subprocess.run(
            [program(), "up", "--data", server.data, "--port", str(server.port),
             "--set", f"security.encryption_keys=1 {RING_KEY}"],
            capture_output=True, text=True, timeout=60, env=clean_environment(), check=False)
    finally:
        server.close()
    assert done.returncode != 0 and "PGMIND_SECURITY_ENCRYPTION_KEYS" in done.stderr
    assert RING_KEY not in done.stderr


def dumps_core(pid_of_child):
    os.kill(pid_of_child, signal.SIGABRT)
    return os.WCOREDUMP(os.waitpid(pid_of_child, 0)[1])


def test_a_crash_leaves_no_core_dump(live_server, tmp_path):
    def allow_core():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)

    try:
        control = subprocess.Popen(["sleep", "60"], preexec_fn=allow_core, cwd=tmp_path)
    except (subprocess.SubprocessError, ValueError):
        pytest.skip("core dumps cannot be allowed here")
    if not dumps_core(control.pid):
        pytest.skip("this machine writes no core dumps")
    resource.prlimit(live_server.process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    assert not dumps_core(live_server.process.pid)
    live_server.process = None
    live_server.end_leftovers()
