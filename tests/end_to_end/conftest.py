"""Fixtures: one pgmind for tests that only need a server, another for those that break it."""
import os
import pathlib
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pgmind_server import Server, offers_pgvector  # noqa: E402


def pytest_collection_modifyitems(items):
    if "pgvector" in os.environ.get("PGMIND_TEST_SETTINGS", "") and not offers_pgvector():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="pgvector is not installed here"))


@pytest.fixture(scope="session")
def server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def killable_server():
    with Server() as running:
        yield running


@pytest.fixture
def restartable_server(killable_server):
    """One that tests may kill, stop and start; each finds it running."""
    if not killable_server.running():
        killable_server.start()
    return killable_server


@pytest.fixture
def namespace():
    """A namespace that no other test uses."""
    return "test-" + uuid.uuid4().hex[:12]
