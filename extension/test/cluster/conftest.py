"""Fixtures: the extension built once, and servers that a test may break."""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import postgres_cluster  # noqa: E402

# Small, so that few rows make checkpoints, evictions and full segments happen.
SMALL = {"shared_buffers": "4MB", "max_wal_size": "32MB", "min_wal_size": "32MB",
         "autovacuum": "off", "log_checkpoints": "off", "deadlock_timeout": "200ms"}


@pytest.fixture(scope="session")
def installation():
    built = postgres_cluster.Installation()
    yield built
    built.close()


@pytest.fixture
def new_cluster(installation):
    """Makes servers; those with fsync write for true, as a crash test must."""
    made = []

    def make(**settings):
        cluster = postgres_cluster.Cluster(installation, **{**SMALL, **settings})
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.close()


@pytest.fixture
def cluster(new_cluster):
    return new_cluster(fsync="off").init().start()
