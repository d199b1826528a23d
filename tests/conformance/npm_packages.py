"""The npm packages that scripts/install-deps put in the build directory, and their Node.js."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# How ctest is told that a test did not run (SKIP_RETURN_CODE).
SKIPPED = 77


def node_modules():
    return pathlib.Path(os.environ.get("PGMIND_NODE_MODULES")
                        or ROOT / "build" / "npm" / "node_modules")


def missing():
    """Why the tests cannot run here; empty when they can."""
    folder = node_modules()
    wanted = [".bin/node", "@modelcontextprotocol/conformance", "@modelcontextprotocol/inspector",
              "@modelcontextprotocol/sdk", "@modelcontextprotocol/client", "oidc-provider"]
    absent = [name for name in wanted if not (folder / name).exists()]
    if absent:
        return f"{folder} has no {', '.join(absent)}: run scripts/install-deps"
    try:
        subprocess.run([str(node()), "--version"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        return f"the packaged Node.js does not run here: {error}"
    return ""


def node():
    return node_modules() / ".bin" / "node"


def run_node(script, *arguments, environment=None, timeout=120):
    """Runs a script of the packages (path below node_modules) or one by its own path."""
    command = [str(node()), str(node_modules() / script), *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, check=False, env=environment)
