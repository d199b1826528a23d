"""Fixtures: a real pgmind that asks for keys, and a namespace of the test's own."""
import pathlib
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pgmind_server import Server  # noqa: E402
import npm_packages  # noqa: E402


def pytest_sessionstart():
    reason = npm_packages.missing()
    if reason:
        pytest.exit("skipped: " + reason, returncode=npm_packages.SKIPPED)


@pytest.fixture(scope="session")
def server():
    with Server() as running:
        yield running


@pytest.fixture
def namespace():
    return "test-" + uuid.uuid4().hex[:12]
