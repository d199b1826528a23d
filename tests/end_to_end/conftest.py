"""Fixtures: one pgmind for tests that only need a server, a fresh one for those that break it."""
import pathlib
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pgmind_server import Server  # noqa: E402


@pytest.fixture(scope="session")
def server():
    with Server() as running:
        yield running


@pytest.fixture
def own_server():
    with Server() as running:
        yield running


@pytest.fixture
def namespace():
    """A namespace that no other test uses."""
    return "test-" + uuid.uuid4().hex[:12]
