"""What the tests ask of an index: all rows, the right order, recall, and no fault."""
import contextlib

import psycopg2

DIMENSIONS = 24

# Clustered vectors that a seed determines, so that SQL alone can make and repeat them.
FUNCTIONS = """
CREATE EXTENSION IF NOT EXISTS pgmind;
CREATE OR REPLACE FUNCTION sample(seed bigint, dimensions integer DEFAULT 24) RETURNS ruvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(((hashint8extended(seed % 37, i) & 1023) / 512.0 +
                      (hashint8extended(seed, i + 1000) & 1023) / 1024.0)::real
                     ORDER BY i)::ruvector
    FROM generate_series(1, dimensions) i
$$;
"""


def connect(cluster, **options):
    connection = psycopg2.connect(host=str(cluster.socket), user="postgres", dbname="postgres",
                                  **options)
    connection.autocommit = True
    return connection


def rows(connection, statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def value(connection, statement, parameters=None):
    return rows(connection, statement, parameters)[0][0]


@contextlib.contextmanager
def planner(connection, **settings):
    for name, setting in settings.items():
        rows(connection, f"SET {name} = {setting}")
    yield
    for name in settings:
        rows(connection, f"RESET {name}")


BY_INDEX = {"enable_seqscan": "off", "enable_sort": "off", "enable_bitmapscan": "off"}
EXACTLY = {"enable_indexscan": "off", "enable_indexonlyscan": "off"}


def nearest(connection, table, seed, limit, condition="true"):
    """[(id, distance)] of the rows nearest to sample(seed)."""
    return rows(connection, f"""
        SELECT id, v <-> q.v0 FROM {table}, (SELECT sample(%s) AS v0 OFFSET 0) q WHERE {condition}
        ORDER BY v <-> (SELECT sample(%s)) LIMIT {limit}""", (seed, seed))


def assert_uses_index(connection, table, condition="true"):
    plan = "\n".join(line for (line,) in rows(
        connection, f"EXPLAIN SELECT id FROM {table} WHERE {condition} "
                    "ORDER BY v <-> (SELECT sample(1)) LIMIT 10"))
    assert "Index Scan using" in plan and "Order By: (v <->" in plan, plan


def recall(connection, table, condition="true", queries=20, limit=10):
    """The share of the exact nearest that a search by the index finds; a tie counts as found."""
    found, wanted = 0, 0
    for number in range(queries):
        seed = 1_000_000 + number * 7
        with planner(connection, **EXACTLY):
            exact = nearest(connection, table, seed, limit, condition)
        with planner(connection, **BY_INDEX):
            if number == 0:
                assert_uses_index(connection, table, condition)
            answer = nearest(connection, table, seed, limit, condition)
        assert len(answer) == len(exact), f"{len(answer)} rows of {len(exact)}, {condition}"
        distances = [distance for _, distance in answer]
        assert distances == sorted(distances)
        if exact:
            farthest = exact[-1][1] + 1e-6
            found += sum(1 for distance in distances if distance <= farthest)
            wanted += len(exact)
    return found / wanted if wanted else 1.0


def faults(connection, index):
    return rows(connection, "SELECT * FROM ruhnsw_check(%s)", (index,))


def count_by_index(connection, table, condition="true", dimensions=DIMENSIONS):
    """How many rows a search to the very end returns."""
    with planner(connection, **BY_INDEX, **{"ruvector.iterative_scan": "relaxed_order",
                                            "ruvector.max_scan_tuples": "2000000"}):
        return value(connection, f"SELECT count(*) FROM (SELECT id FROM {table} WHERE {condition} "
                                 f"ORDER BY v <-> (SELECT sample(5, {dimensions}))) a")


def count_exactly(connection, table, condition="true"):
    with planner(connection, **EXACTLY):
        return value(connection, f"SELECT count(*) FROM {table} WHERE {condition}")
