"""What the command line says and how it ends, against a real server."""
import json
import os
import pty
import subprocess

import pytest

from pgmind_server import clean_environment, program

NOT_FOUND = 3
USAGE = 2


@pytest.fixture
def run(server):
    def run_command(*words, text="", key_file=None):
        command = [str(program()), "--url", server.url, "--key-file",
                   str(key_file or server.data / "admin.key"), *words]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120,
                              env=clean_environment(), check=False)
    return run_command


def lines_of(namespace, count):
    return "".join(json.dumps({"namespace": namespace, "key": f"k{n:06}", "value": n}) + "\n"
                   for n in range(count))


def test_an_export_of_a_mistyped_namespace_fails(run, namespace, tmp_path):
    done = run("export", "-n", namespace, "-o", str(tmp_path / "backup"))
    assert done.returncode == NOT_FOUND and namespace in done.stderr
    assert not (tmp_path / "backup").exists()


def test_a_namespace_is_copied_by_export_and_import_into(run, namespace):
    assert run("import", "-", text=lines_of(namespace, 3)).returncode == 0
    exported = run("export", "-n", namespace).stdout
    copy = namespace + "-copy"
    refused = run("import", "-", "-n", copy, text=exported)
    assert refused.returncode == USAGE and "line 1" in refused.stderr
    assert run("import", "-", "--into", copy, text=exported).returncode == 0
    copied = [json.loads(line) for line in run("export", "-n", copy).stdout.splitlines()]
    assert [(row["namespace"], row["key"], row["value"]) for row in copied] == [
        (copy, f"k{n:06}", n) for n in range(3)]


@pytest.mark.parametrize("good,stored", [(0, "nothing was stored"),
                                         (5200, "5,000 entries before it were stored"),
                                         (200_000, "200,000 entries before it were stored")])
def test_a_failed_import_says_where_it_stopped_and_what_is_stored(run, namespace, good, stored):
    text = lines_of(namespace, good) + "{}\n" + lines_of(namespace, good // 2)
    done = run("import", "-", text=text)
    assert done.returncode == USAGE, done.stderr
    assert f"line {good + 1}: " in done.stderr and stored in done.stderr


def test_an_unreadable_key_file_is_a_usage_error(run, tmp_path):
    done = run("status", key_file=tmp_path / "missing")
    assert done.returncode == USAGE
    assert done.stderr == (f"error: --key-file: cannot read an API key from "
                           f"{tmp_path / 'missing'}\n")


def test_a_namespace_name_with_a_star_is_refused_naming_it(run):
    done = run("namespace", "create", "a*")
    assert done.returncode == USAGE and '"*"' in done.stderr


def test_the_configuration_as_json(run):
    done = run("config", "show", "--json", "--set", "http.port=8080")
    assert json.loads(done.stdout)["http.port"] == {"value": 8080, "origin": "flag"}
    assert json.loads(run("config", "check", "--json").stdout) == {"valid": True, "problems": []}
    done = run("config", "check", "--json", "--set", "http.prot=1")
    assert done.returncode == USAGE
    assert json.loads(done.stdout) == {"valid": False, "problems": [
        {"where": "--set http.prot", "message": "unknown key http.prot"}]}


def test_the_audit_log_shows_decision_and_outcome_apart(run, namespace):
    run("get", namespace, "missing")
    for _ in range(100):
        listing = run("audit", "list", "--resource", namespace).stdout
        if listing:
            break
    titles, record = listing.splitlines()[:2]
    decision, outcome, reason = (titles.index(name) for name in ("decision", "outcome", "reason"))
    assert record[decision:outcome].strip() == "allow"
    assert record[outcome:reason].strip() == "not_found"


def on_a_terminal(command, width):
    """Standard output of a command that has a terminal of that width for it."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", str(width)], stdin=theirs, check=True)
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL,
                               env={**clean_environment(), "NO_COLOR": "1"})
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_list_fits_the_terminal_and_is_whole_elsewhere(run, server, namespace):
    key = "k" * 300
    assert run("store", namespace, key, "1").returncode == 0
    assert key in run("list", namespace).stdout
    assert json.loads(run("list", namespace, "--json").stdout)["entries"][0]["key"] == key
    shown = on_a_terminal([str(program()), "--url", server.url, "--key-file",
                           str(server.data / "admin.key"), "list", namespace], 70)
    assert "k\u2026" in shown and max(len(line) for line in shown.splitlines()) <= 70
