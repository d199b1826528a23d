"""Steps of sessions that work at the same time, and what runs them.

PGMIND_LOAD_SECONDS sets how long each load runs.
"""
import os
import random
import threading

from vectors import EXACTLY, FUNCTIONS, connect, planner, rows, value

SECONDS = float(os.environ.get("PGMIND_LOAD_SECONDS", "8"))
KEYS = ["a", "b", "c", "d", "e"]
TABLE = FUNCTIONS + """
CREATE TABLE t (id bigserial PRIMARY KEY, k text NOT NULL, seed bigint, v ruvector);
CREATE INDEX t_v ON t USING ruhnsw (k, v) WITH (m = 8, ef_construction = 40);
"""
INSERT = """INSERT INTO t (k, seed, v) SELECT %s, %s + i, sample(%s + i)
            FROM generate_series(1, %s) i"""


class Session(threading.Thread):
    """Repeats `step(connection)` until `stop` is set; any error is the test's."""

    def __init__(self, cluster, stop, step, settings=()):
        super().__init__(daemon=True)
        self.connection = connect(cluster)
        for name, setting in dict(settings).items():
            rows(self.connection, f"SET {name} = {setting}")
        self.stop = stop
        self.step = step
        self.steps = 0
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.step(self.connection)
                self.steps += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
            self.stop.set()


def run_load(steps, seconds):
    """Each (cluster, step, settings) in a session of its own, all at once; gives how often each
    ran."""
    stop = threading.Event()
    sessions = [Session(cluster, stop, step, settings) for cluster, step, settings in steps]
    for session in sessions:
        session.start()
    stop.wait(seconds)
    stop.set()
    for session in sessions:
        session.join(120)
        assert not session.is_alive()
    for session in sessions:
        if session.error is not None:
            raise session.error
    assert all(session.steps > 0 for session in sessions)
    return [session.steps for session in sessions]


def insert(connection):
    seed = random.randrange(1 << 40)
    rows(connection, INSERT, (random.choice(KEYS), seed, seed, random.choice([1, 5, 30])))


def insert_and_roll_back(connection):
    seed = random.randrange(1 << 40)
    arguments = (random.choice(KEYS), seed, seed, 5)
    rows(connection, "BEGIN")
    rows(connection, INSERT, arguments)
    rows(connection, "SAVEPOINT s")
    rows(connection, INSERT, arguments)
    rows(connection, random.choice(["ROLLBACK TO s", "RELEASE s"]))
    rows(connection, random.choice(["ROLLBACK", "COMMIT"]))


def update(connection):
    rows(connection, """UPDATE t SET seed = seed + 1, v = sample(seed + 1) WHERE id IN
        (SELECT id FROM t WHERE k = %s ORDER BY random() LIMIT 5 FOR UPDATE SKIP LOCKED)""",
         (random.choice(KEYS),))
    rows(connection, """UPDATE t SET k = %s WHERE id IN
        (SELECT id FROM t WHERE k = %s ORDER BY random() LIMIT 2 FOR UPDATE SKIP LOCKED)""",
         (random.choice(KEYS), random.choice(KEYS)))


def delete(connection):
    # A tenant goes wholly now and then.
    share = random.choice([0.1, 0.1, 0.1, 1.1])
    rows(connection, "DELETE FROM t WHERE random() < %s AND k = %s", (share, random.choice(KEYS)))


def vacuum(connection):
    rows(connection, "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) t")


def search(connection):
    """Rows of the tenant asked for only, in order, each with the vector that its seed says, and as
    many as there are: within one snapshot."""
    key = random.choice(KEYS)
    seed = random.randrange(1 << 40)
    limit = random.choice([10, 10, 100])
    rows(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ")
    found = rows(connection, f"""
        SELECT k, v <-> sample(%s), v = sample(seed), id FROM t WHERE k = %s
        ORDER BY v <-> (SELECT sample(%s)) LIMIT {limit}""", (seed, key, seed))
    with planner(connection, enable_seqscan="on", **EXACTLY):
        total = value(connection, "SELECT count(*) FROM t WHERE k = %s", (key,))
    rows(connection, "COMMIT")
    assert all(row[0] == key for row in found), "a row of another tenant"
    assert all(row[2] for row in found), "a row with another vector"
    distances = [row[1] for row in found]
    assert distances == sorted(distances)
    assert len({row[3] for row in found}) == len(found), "a row twice"
    # strict_order may leave out a row found too late.
    assert len(found) >= min(limit, total) * 0.9 - 1, f"{len(found)} rows of {total}"
