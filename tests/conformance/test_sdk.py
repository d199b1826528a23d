"""The official TypeScript clients store and search, over HTTP and stdio, in both eras."""
import json
import pathlib
import shutil

import pytest

import npm_packages
from pgmind_server import clean_environment, program

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def scripts(tmp_path_factory):
    """The scripts beside the packages, since Node.js looks for packages from where a script is."""
    folder = tmp_path_factory.mktemp("scripts")
    for script in HERE.glob("sdk_*.mjs"):
        shutil.copy(script, folder)
    (folder / "node_modules").symlink_to(npm_packages.node_modules())
    return folder


@pytest.fixture
def tour(scripts, server, namespace):
    def run(script, transport, *arguments):
        environment = {**clean_environment(), "PGMIND_URL": server.url,
                       "PGMIND_API_KEY": server.key, "PGMIND_BINARY": str(program())}
        done = npm_packages.run_node(scripts / script, transport, namespace, *arguments,
                                     environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])
    return run


def check(seen):
    assert seen["server"] == "pgmind"
    assert {"memory_store", "memory_search", "memory_retrieve"} <= set(seen["tools"])
    assert (seen["stored"]["version"], seen["stored"]["created"]) == (1, True)
    assert seen["again"]["isError"], "create-only replaced an entry"
    assert seen["search"]["hits"][0]["entry"]["key"] == "pigz", seen["search"]
    assert seen["wrong"]["isError"], "a limit of 5,000 was accepted"
    assert "pgmind://cluster/status" in seen["resources"]
    assert "compresses files in parallel" in seen["entry"]["text"]
    assert "recall_context" in seen["prompts"]
    assert "compresses files in parallel" in json.dumps(seen["prompt"])
    assert seen["unknown_tool"]["code"] == -32602, seen["unknown_tool"]
    assert not seen["deleted"]["isError"]
    assert seen["gone"]["found"] is False


@pytest.mark.parametrize("transport", ["http", "stdio"])
def test_sdk_1_stores_and_searches(tour, transport):
    check(tour("sdk_v1.mjs", transport))


@pytest.mark.parametrize("transport", ["http", "stdio"])
@pytest.mark.parametrize("mode,protocol", [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_client_2_stores_and_searches(tour, transport, mode, protocol):
    seen = tour("sdk_v2.mjs", transport, mode)
    assert seen["protocol"] == protocol
    check(seen)
