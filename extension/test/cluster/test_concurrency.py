"""Sessions that insert, search, delete, vacuum and rebuild at the same time."""
import random
import threading
import time

import psycopg2
from load import (INSERT, KEYS, SECONDS, TABLE, Session, delete, insert, insert_and_roll_back,
                  run_load, search, update, vacuum)
from vectors import (BY_INDEX, connect, count_by_index, count_exactly, faults, planner, recall,
                     rows, value)


def run_steps(cluster, steps, seconds):
    run_load([(cluster, step, settings) for step, settings in steps], seconds)


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
    run_steps(cluster, [(insert, ()), (insert, ()), (insert_and_roll_back, ()), (update, ()),
                        (delete, ()), (vacuum, ()), (search, BY_INDEX), (search, BY_INDEX)],
              SECONDS)
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


def test_lists_end(cluster):
    """However many insert while a list of one tenant becomes a graph, it does not grow on."""
    watcher = connect(cluster)
    rows(watcher, TABLE)
    # What the list holds when the first finds it too long, a page more, and one of each session;
    # some are added while the nodes are counted.
    most = 128 + 16 + 4 + 40
    longest = []

    def insert_some(connection):
        seed = random.randrange(1 << 40)
        rows(connection, INSERT, ("one", seed, seed, 10))

    def watch(connection):
        found = rows(connection, "SELECT graphs, nodes FROM ruhnsw_index_stats('t_v')")
        longest.extend(nodes for graphs, nodes in found if graphs == 0)

    for _ in range(5):
        rows(watcher, "TRUNCATE t")
        run_steps(cluster, [(insert_some, ())] * 4 + [(watch, ())], SECONDS / 10)
        assert value(watcher, "SELECT graphs FROM ruhnsw_index_stats('t_v')") == 1
    assert longest and max(longest) <= most, max(longest)
    assert faults(watcher, "t_v") == []


def test_rebuilds_under_load(cluster):
    rows(connect(cluster), TABLE)
    rows(connect(cluster), INSERT, ("a", 1, 1, 500))

    def reindex(connection):
        rows(connection, "REINDEX INDEX CONCURRENTLY t_v")

    run_steps(cluster, [(insert, ()), (insert, ()), (update, ()), (delete, ()),
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

    run_steps(cluster, [(insert_or_lose, ()), (insert_or_lose, ()), (drop_and_make, ())],
              SECONDS / 2)
    assert_sound(cluster)
