"""Standbys and copies answer as the primary does, row for row, and go on after promotion."""
import time

import psycopg2
import psycopg2.extras
import pytest
from load import INSERT, SECONDS, TABLE, delete, insert, run_load, search, update, vacuum
from vectors import (BY_INDEX, FUNCTIONS, connect, count_by_index, count_exactly, faults, nearest,
                     planner, recall, rows, value)

KEYS = ["a", "b", "c"]
SETUP = FUNCTIONS + """
CREATE TABLE t (id bigserial PRIMARY KEY, k text NOT NULL, v ruvector);
INSERT INTO t (k, v) SELECT chr(97 + i % 2), sample(i) FROM generate_series(1, 600) i;
CREATE INDEX t_v ON t USING ruhnsw (k, v) WITH (m = 8, ef_construction = 40);
"""
# What a primary does all day; every kind of page changes, tenants come and go.
CHANGES = """
INSERT INTO t (k, v) SELECT chr(97 + i % 3), sample(i + 5000) FROM generate_series(1, 600) i;
UPDATE t SET v = sample(id + 90000) WHERE id % 11 = 0;
DELETE FROM t WHERE id % 5 = 0 OR k = 'b';
VACUUM t;
INSERT INTO t (k, v) SELECT chr(97 + i % 3), sample(i + 20000) FROM generate_series(1, 300) i;
"""


def run_all(connection, script):
    for statement in script.split(";\n"):
        if statement.strip():
            rows(connection, statement)


def wait_for_replay(primary, standby):
    target = value(primary, "SELECT pg_current_wal_insert_lsn()")
    deadline = time.monotonic() + 60
    while not value(standby, "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (target,)):
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.05)


def answers(connection):
    found = []
    with planner(connection, **BY_INDEX):
        for key in KEYS:
            for seed in range(0, 60, 6):
                found.append(nearest(connection, "t", seed * 1000, 30, f"k = '{key}'"))
        found.append(nearest(connection, "t", 4, 100, "k = ANY ('{a,c}')"))
    return found


def assert_same(primary, standby):
    wait_for_replay(primary, standby)
    assert answers(standby) == answers(primary)
    assert faults(standby, "t_v") == []


@pytest.mark.parametrize("checked", ["", "all"])
def test_standby(new_cluster, checked):
    """With wal_consistency_checking the standby compares every page with the primary's."""
    settings = {"fsync": "off", "wal_consistency_checking": checked, "max_wal_size": "1GB"}
    primary = new_cluster(**settings).init().start()
    on_primary = connect(primary)
    run_all(on_primary, SETUP)
    standby = new_cluster(**settings, hot_standby="on").copy_from(primary).start()
    on_standby = connect(standby)
    assert_same(on_primary, on_standby)
    for _ in range(2):
        run_all(on_primary, CHANGES)
        assert_same(on_primary, on_standby)
    rows(on_primary, "REINDEX INDEX t_v")
    assert_same(on_primary, on_standby)
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        rows(on_standby, "INSERT INTO t (k, v) VALUES ('a', sample(1))")
    primary.kill()
    standby.promote()
    run_all(on_standby, CHANGES)
    for key in KEYS:
        condition = f"k = '{key}'"
        assert count_by_index(on_standby, "t", condition) == count_exactly(
            on_standby, "t", condition)
        assert recall(on_standby, "t", condition) >= 0.9
    assert faults(on_standby, "t_v") == []


def test_searches_while_the_primary_vacuums(new_cluster):
    """A standby's searches meet what VACUUM took apart and gave away on the primary."""
    primary = new_cluster(fsync="off", max_wal_size="1GB").init().start()
    on_primary = connect(primary)
    run_all(on_primary, TABLE)
    rows(on_primary, INSERT, ("a", 1, 1, 2000))
    # Else what VACUUM removes cancels the standby's searches.
    standby = new_cluster(fsync="off", hot_standby="on", hot_standby_feedback="on",
                          wal_receiver_status_interval="1s").copy_from(primary).start()
    wait_for_replay(on_primary, connect(standby))
    # Once a snapshot of its is known to the primary.
    deadline = time.monotonic() + 60
    while value(on_primary, "SELECT backend_xmin IS NULL FROM pg_stat_replication"):
        assert time.monotonic() < deadline, "no feedback comes from the standby"
        time.sleep(0.05)
    run_load([(primary, step, ()) for step in (insert, insert, update, delete, vacuum)] +
             [(standby, search, BY_INDEX)] * 2, SECONDS / 2)
    rows(on_primary, "VACUUM t")
    assert_same_rows(on_primary, connect(standby))


def assert_same_rows(on_primary, on_standby):
    wait_for_replay(on_primary, on_standby)
    assert faults(on_standby, "t_v") == []
    assert count_by_index(on_standby, "t") == count_exactly(on_primary, "t")


def test_standby_restarts(new_cluster):
    """A standby that is killed during replay goes on where it was."""
    primary = new_cluster(fsync="off", max_wal_size="1GB").init().start()
    on_primary = connect(primary)
    run_all(on_primary, SETUP)
    standby = new_cluster(hot_standby="on").copy_from(primary).start()
    for _ in range(3):
        run_all(on_primary, CHANGES)
        standby.kill()
        standby.start()
        assert_same(on_primary, connect(standby))


def test_base_backup_under_load(new_cluster):
    """A copy taken while rows come and go is whole."""
    primary = new_cluster(fsync="off", max_wal_size="1GB").init().start()
    on_primary = connect(primary)
    run_all(on_primary, SETUP)
    writer = psycopg2.connect(host=str(primary.socket), user="postgres", dbname="postgres",
                              async_=True)
    wait(writer)
    cursor = writer.cursor()
    cursor.execute("INSERT INTO t (k, v) SELECT 'a', sample(i) "
                   "FROM generate_series(700000, 703000) i")
    copy = new_cluster(fsync="off").copy_from(primary)
    wait(writer)
    (copy.data / "standby.signal").unlink()
    copy.start()
    on_copy = connect(copy)
    rows(on_copy, "VACUUM t")
    assert faults(on_copy, "t_v") == []
    for key in KEYS:
        condition = f"k = '{key}'"
        assert count_by_index(on_copy, "t", condition) == count_exactly(on_copy, "t", condition)


def wait(connection):
    """psycopg2's own way to wait for an asynchronous connection."""
    psycopg2.extras.wait_select(connection)
