"""The MCP Inspector's command line against pgmind, over HTTP with a key and over stdio."""
import json

import pytest

import npm_packages
from pgmind_server import clean_environment, program

INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"


@pytest.fixture(scope="session", params=["http", "stdio"])
def inspect(request, server, tmp_path_factory):
    """Calls one method of the server and gives its decoded result."""
    if request.param == "http":
        target = [server.url + "/mcp", "--transport", "http",
                  "--header", "Authorization: Bearer " + server.key]
    else:
        target = ["-e", "PGMIND_URL=" + server.url, "-e", "PGMIND_API_KEY=" + server.key,
                  str(program()), "mcp"]
    home = tmp_path_factory.mktemp("home")

    def call(method, *arguments):
        done = run_inspector(home, *target, "--method", method, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
    return call


def run_inspector(home, *arguments):
    # It keeps files in the home directory: each test session has its own.
    environment = {**clean_environment(), "HOME": str(home), "NO_COLOR": "1",
                   "PATH": f"{npm_packages.node().parent}:/usr/bin:/bin"}
    return npm_packages.run_node(INSPECTOR, "--cli", *arguments, environment=environment)


def tool_call(inspect, name, **arguments):
    pairs = [word for key, value in arguments.items() for word in ("--tool-arg", f"{key}={value}")]
    result = inspect("tools/call", "--tool-name", name, *pairs)
    assert not result.get("isError"), result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return result["structuredContent"]


def test_the_tools_are_listed(inspect):
    tools = {tool["name"]: tool for tool in inspect("tools/list")["tools"]}
    assert {"memory_store", "memory_retrieve", "memory_search", "memory_delete", "memory_list",
            "memory_stats", "search_similar", "namespace_list", "cluster_status"} <= set(tools)
    for tool in tools.values():
        assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object", tool
        assert tool["description"] and "readOnlyHint" in tool["annotations"], tool
    assert not [name for name in tools if name.startswith("test_")]


def test_what_is_stored_is_found(inspect, namespace):
    stored = tool_call(inspect, "memory_store", namespace=namespace, key="pigz",
                       value="compresses files in parallel")
    assert (stored["version"], stored["created"]) == (1, True)
    tool_call(inspect, "memory_store", namespace=namespace, key="nano", value="a small editor")
    found = tool_call(inspect, "memory_search", namespace=namespace, query="compress parallel")
    assert found["hits"][0]["entry"]["key"] == "pigz", found
    entry = inspect("resources/read", "--uri", f"pgmind://namespaces/{namespace}/entries/pigz")
    assert "compresses files in parallel" in entry["contents"][0]["text"]


def test_resources_and_prompts_are_listed(inspect):
    uris = [resource["uri"] for resource in inspect("resources/list")["resources"]]
    assert {"pgmind://namespaces", "pgmind://cluster/status"} <= set(uris)
    prompts = {prompt["name"]: prompt for prompt in inspect("prompts/list")["prompts"]}
    assert prompts["recall_context"]["arguments"][0]["name"] == "topic"


@pytest.mark.parametrize("key", ["", "pgm_k1_" + "A" * 43])
def test_without_a_valid_key_it_gets_nothing(server, tmp_path, key):
    header = ["--header", "Authorization: Bearer " + key] if key else []
    over_http = run_inspector(tmp_path, server.url + "/mcp", "--transport", "http", *header,
                              "--method", "tools/list")
    over_stdio = run_inspector(tmp_path, "-e", "PGMIND_URL=" + server.url,
                               "-e", "PGMIND_API_KEY=" + (key or "none"), str(program()), "mcp",
                               "--method", "tools/list")
    for done in (over_http, over_stdio):
        assert done.returncode != 0, done
        assert "memory_store" not in done.stdout, done
