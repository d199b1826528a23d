"""Sessions that insert, search, delete, vacuum and rebuild at the same time.

PGMIND_LOAD_SECONDS sets how long each load runs.
"""
import os
import random
import threading
import time

import psycopg2
from vectors import (BY_INDEX, EXACTLY, FUNCTIONS, connect, count_by_index, count_exactly, faults,
                     planner, recall, rows, value)

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


def run_load(cluster, steps, seconds):
    """Each step in a session of its own, all at once; gives how often each ran."""
    stop = threading.Event()
    sessions = [Session(cluster, stop, step, settings) for step, settings in steps]
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


def assert_sound(cluster):
    connection = connect(cluster)
    for is_vacuumed in (False, True):
        if is_vacuumed:
            rows(connection, "VACUUM t")
        assert [fault for fault in faults(connection, "t_v")
                if is_vacuumed or not fault[1].endswith("is not linked")] == []
        for key in KEYS:
            condition = f"k = '{key}'"
            assert count_by_index(connection, "t", condition) == count_exactly(
                connection, "t", condition)
            assert recall(connection, "t", condition, queries=10) >= 0.9


def test_mixed_load(cluster):
    rows(connect(cluster), TABLE)
    seed = 10_000_000
    rows(connect(cluster), INSERT, ("a", seed, seed, 400))
    run_load(cluster, [(insert, ()), (insert, ()), (insert_and_roll_back, ()), (update, ()),
                       (delete, ()), (vacuum, ()), (search, BY_INDEX), (search, BY_INDEX)], SECONDS)
    assert_sound(cluster)


def test_new_tenants(cluster):
    """Two sessions make the same new tenant at the same moment, again and again."""
    rows(connect(cluster), TABLE)
    barrier = threading.Barrier(3, timeout=60)
    failures = []

    def make():
        connection = connect(cluster)
        try:
            for number in range(150):
                barrier.wait()
                rows(connection, INSERT, (f"new-{number}", number, number, 2))
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=make, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    connection = connect(cluster)
    stats = rows(connection, "SELECT tenants, tuples FROM ruhnsw_index_stats('t_v')")
    assert stats == [(150, 900)]
    assert faults(connection, "t_v") == []
    with planner(connection, **BY_INDEX):
        for number in range(150):
            assert len(rows(connection, f"""SELECT id FROM t WHERE k = 'new-{number}'
                            ORDER BY v <-> (SELECT sample(1)) LIMIT 100""")) == 6


def test_rebuilds_under_load(cluster):
    rows(connect(cluster), TABLE)
    rows(connect(cluster), INSERT, ("a", 1, 1, 500))

    def reindex(connection):
        rows(connection, "REINDEX INDEX CONCURRENTLY t_v")

    run_load(cluster, [(insert, ()), (insert, ()), (update, ()), (delete, ()),
                       (reindex, ()), (search, BY_INDEX)], SECONDS)
    assert_sound(cluster)


def test_builds_under_load(cluster):
    """CREATE INDEX CONCURRENTLY misses no row that is written meanwhile."""
    connection = connect(cluster)
    rows(connection, TABLE)
    rows(connection, INSERT, ("a", 1, 1, 500))
    stop_at = time.monotonic() + SECONDS
    while time.monotonic() < stop_at:
        stop = threading.Event()
        sessions = [Session(cluster, stop, step) for step in (insert, update, delete)]
        for session in sessions:
            session.start()
        rows(connection, "DROP INDEX t_v")
        try:
            rows(connection, "CREATE INDEX CONCURRENTLY t_v ON t USING ruhnsw (k, v) "
                             "WITH (m = 8, ef_construction = 40)")
        finally:
            stop.set()
        for session in sessions:
            session.join(60)
            assert session.error is None
        assert_sound(cluster)


def test_drop_under_load(cluster):
    """Searches and inserts go on, or fail in PostgreSQL's own words, while indexes come and go."""
    rows(connect(cluster), TABLE)

    def drop_and_make(connection):
        rows(connection, "DROP INDEX IF EXISTS t_v")
        rows(connection, "CREATE INDEX t_v ON t USING ruhnsw (k, v) WITH (m = 8)")

    def insert_or_lose(connection):
        try:
            insert(connection)
        except psycopg2.errors.DeadlockDetected:
            pass  # DROP INDEX and an insert may wait for each other

    run_load(cluster, [(insert_or_lose, ()), (insert_or_lose, ()), (drop_and_make, ())],
             SECONDS / 2)
    assert_sound(cluster)
