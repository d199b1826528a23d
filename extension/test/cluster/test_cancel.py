"""Statements that are cancelled half way leave an index that is sound and finds every row."""
import random

import psycopg2
from vectors import (BY_INDEX, FUNCTIONS, connect, count_by_index, count_exactly, faults, planner,
                     recall, rows, value)

# Graphs begin beyond this many nodes (docs/vector-engine.md).
LIST_NODES = 128


def cancelled_after(connection, milliseconds, statement):
    """Whether the statement was cancelled."""
    rows(connection, f"SET statement_timeout = {milliseconds}")
    try:
        rows(connection, statement)
        return False
    except psycopg2.errors.QueryCanceled:
        return True
    finally:
        rows(connection, "RESET statement_timeout")


def test_cancelled_promotion(cluster):
    """The insert that turns a list into a graph stops at any moment; every row is found after."""
    connection = connect(cluster)
    rows(connection, FUNCTIONS + """
        CREATE TABLE t (id serial, v ruvector);
        CREATE INDEX t_v ON t USING ruhnsw (v) WITH (m = 4, ef_construction = 200)""")
    cancelled = 0
    for _ in range(12):
        rows(connection, "TRUNCATE t")
        rows(connection, f"INSERT INTO t (v) SELECT sample(i, 900) "
                         f"FROM generate_series(1, {LIST_NODES}) i")
        for _ in range(3):
            cancelled += cancelled_after(connection, random.randrange(1, 30),
                                         "INSERT INTO t (v) SELECT sample(900000, 900)")
        rows(connection, "INSERT INTO t (v) SELECT sample(900001, 900)")
        rows(connection, "INSERT INTO t (v) SELECT sample(900002, 900)")
        assert value(connection, "SELECT graphs FROM ruhnsw_index_stats('t_v')") == 1
        for _ in range(2):
            assert count_by_index(connection, "t", dimensions=900) == count_exactly(connection, "t")
            rows(connection, "VACUUM t")
            assert faults(connection, "t_v") == []
    assert cancelled > 0


def test_cancelled_statements(cluster):
    connection = connect(cluster)
    rows(connection, FUNCTIONS + """
        CREATE TABLE t (id serial, v ruvector);
        CREATE INDEX t_v ON t USING ruhnsw (v) WITH (m = 8, ef_construction = 100);
        INSERT INTO t (v) SELECT sample(i) FROM generate_series(1, 3000) i""")
    for number in range(10):
        wait = random.randrange(5, 100)
        cancelled_after(connection, wait, "INSERT INTO t (v) SELECT sample(i + 10000) "
                                          "FROM generate_series(1, 3000) i")
        cancelled_after(connection, wait, "CREATE INDEX t_w ON t USING ruhnsw (v)")
        cancelled_after(connection, wait, "REINDEX INDEX t_v")
        with planner(connection, **BY_INDEX):
            cancelled_after(connection, 1 + number % 3,
                            "SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> NULL) a")
            cancelled_after(connection, 1 + number % 3, "SET ruvector.ef_search = 1000; SELECT id "
                            "FROM t ORDER BY v <-> (SELECT sample(3)) LIMIT 2000")
        rows(connection, "DELETE FROM t WHERE random() < 0.1")
        cancelled_after(connection, random.randrange(1, 30), "VACUUM t")
        rows(connection, "DROP INDEX IF EXISTS t_w; RESET ruvector.ef_search")
    for _ in range(2):
        assert count_by_index(connection, "t") == count_exactly(connection, "t")
        assert recall(connection, "t") >= 0.9
        rows(connection, "VACUUM t")
    assert faults(connection, "t_v") == []


def test_cancelled_concurrent_build(cluster):
    """CREATE INDEX CONCURRENTLY that was cancelled leaves an invalid index, which can go."""
    connection = connect(cluster)
    rows(connection, FUNCTIONS + """
        CREATE TABLE t (id serial, v ruvector);
        INSERT INTO t (v) SELECT sample(i) FROM generate_series(1, 3000) i""")
    assert cancelled_after(connection, 60, "CREATE INDEX CONCURRENTLY t_v ON t USING ruhnsw (v)")
    rows(connection, "INSERT INTO t (v) SELECT sample(i + 9000) FROM generate_series(1, 200) i")
    rows(connection, "DELETE FROM t WHERE id % 5 = 0")
    rows(connection, "VACUUM t")
    rows(connection, "REINDEX INDEX CONCURRENTLY t_v")
    assert count_by_index(connection, "t") == count_exactly(connection, "t")
    assert faults(connection, "t_v") == []
