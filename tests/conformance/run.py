#!/usr/bin/env python3
"""Runs the public MCP conformance suite against a `pgmind up` of its own and judges the outcome.

Everything that the revision requires must pass, and everything else that the suite runs unless
expected_failures.txt lists it; what is listed there must fail. Exits 0, 1, or 77 (skipped) where
the npm packages are absent.
"""
import argparse
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from pgmind_server import Server  # noqa: E402
import npm_packages  # noqa: E402

SUITE = "@modelcontextprotocol/conformance"
REVISIONS = ("2025-11-25", "2026-07-28")
# The suite sends no key, and calls tools, prompts and resources that only it knows.
SETTINGS = ["security.authentication=off", "mcp.conformance_fixtures=true"]


def expected_failures(revision):
    lines = (pathlib.Path(__file__).parent / "expected_failures.txt").read_text().splitlines()
    rows = [line.split(maxsplit=2) for line in lines if line and not line.startswith("#")]
    return {scenario: reason for row_revision, scenario, reason in rows if row_revision == revision}


def required_scenarios(revision):
    """The server scenarios that the suite's own list for a revision requires."""
    text = (npm_packages.node_modules() / SUITE / "requirements" / f"{revision}.yaml").read_text()
    section = re.search(r"^server:\n((?:  - .*\n|\s*#.*\n|\n)+)", text, re.MULTILINE).group(1)
    names = re.findall(r"^  - (\S+)", section, re.MULTILINE)
    if len(names) < 20:
        raise RuntimeError(f"the list of {revision} has another form than known: {names}")
    return names


def results_of(folder):
    """scenario -> its checks, from the files that the suite leaves."""
    results = {}
    for file in pathlib.Path(folder).glob("server-*/checks.json"):
        name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name)
        results[name] = json.loads(file.read_text())
    return results


def failures_of(checks):
    return [f"{check['id']}: {check.get('errorMessage') or check['description']}"
            for check in checks if check["status"] == "FAILURE"]


def judge(results, required, expected):
    """What is wrong, a line each."""
    wrong = [f"{name}: required, but it did not run" for name in required
             if not results.get(name)]
    for name, checks in sorted(results.items()):
        failures = failures_of(checks)
        if failures and name in required and name in expected:
            wrong.append(f"{name}: required, so it must not be listed as an expected failure")
        elif failures and name not in expected:
            wrong += [f"{name}: {failure}" for failure in failures]
        elif not failures and name in expected:
            wrong.append(f"{name}: passes; take it out of expected_failures.txt")
    wrong += [f"{name}: expected to fail, but it did not run" for name in expected
              if name not in results]
    return wrong


def run_suite(server, arguments):
    with tempfile.TemporaryDirectory(prefix="pgmind-conformance-") as folder:
        done = npm_packages.run_node(f"{SUITE}/dist/index.js", "server", "--url",
                                     server.url + "/mcp", "-o", folder, *arguments, timeout=240)
        results = results_of(folder)
    print((done.stdout + done.stderr).partition("=== SUMMARY ===")[2] or done.stdout + done.stderr)
    if not server.ready():
        raise RuntimeError("the server did not outlive the suite:\n" + server.log()[-3000:])
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", choices=REVISIONS)
    parser.add_argument("scenario", nargs="?", help="one only, with all that it printed")
    options = parser.parse_args()
    reason = npm_packages.missing()
    if reason:
        print("skipped: " + reason)
        return npm_packages.SKIPPED
    expected = expected_failures(options.revision)
    with Server(settings=SETTINGS) as server:
        if options.scenario:
            results = run_suite(server, ["--scenario", options.scenario, "--spec-version",
                                         options.revision])
            required = [options.scenario]
            expected = {name: why for name, why in expected.items() if name == options.scenario}
            wrong = [failure for checks in results.values() for failure in failures_of(checks)]
            wrong = wrong or ([] if results else [f"{options.scenario}: it did not run"])
        else:
            results = run_suite(server, ["--requirements", options.revision])
            wrong = judge(results, required_scenarios(options.revision), expected)
    checks = sum(check["status"] in ("SUCCESS", "FAILURE")
                 for found in results.values() for check in found)
    print(f"{options.revision}: {len(results)} scenarios, {checks} checks, "
          f"{len(expected)} expected failures, {len(wrong)} problems")
    for line in wrong:
        print("  " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
