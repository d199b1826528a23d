"""Starting on what is there already, and refusing with one clear line where that cannot be."""
import os
import socket
import subprocess

import pytest

from pgmind_server import clean_environment, program


def run_up(arguments, timeout=60):
    result = subprocess.run([str(program()), "up", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False,
                            env=clean_environment())
    return result.returncode, result.stdout


def error_lines(output):
    return [line for line in output.splitlines() if "error" in line]


def test_a_second_up_on_the_same_directory_is_refused(restartable_server):
    server = restartable_server
    code, output = run_up(["--data", str(server.data)])
    assert code != 0
    assert len(error_lines(output)) == 1, output
    assert str(server.process.pid) in output


def test_a_port_in_use_is_named(restartable_server):
    server = restartable_server
    server.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", server.port))
        taken.listen(1)
        code, output = run_up(["--data", str(server.data), "--port", str(server.port)])
    assert code != 0
    assert len(error_lines(output)) == 1, output
    assert str(server.port) in output
    server.start()


def test_a_first_start_that_cannot_listen_makes_nothing(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        code, output = run_up(["--data", str(tmp_path / "data"), "--port", port])
    assert code == 5, output
    assert error_lines(output) == output.splitlines(), output
    assert port in output
    assert not (tmp_path / "data").exists()


def test_a_wrong_data_directory_version_is_refused(restartable_server):
    server = restartable_server
    server.stop()
    version = server.data / "shard-1" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("9\n")
    code, output = run_up(["--data", str(server.data), "--port", str(server.port)])
    version.write_text(kept)
    assert code != 0
    assert len(error_lines(output)) == 1, output
    assert "PostgreSQL 9" in output
    server.start()


def test_a_full_disk_is_one_clear_line(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs",
                              str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine does not allow mounting")
    try:
        code, output = run_up(["--data", str(folder / "data")])
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert code != 0
    assert len(error_lines(output)) == 1, output


def test_the_second_start_finds_the_data(restartable_server):
    server = restartable_server
    server.request("PUT", "/api/v1/namespaces/start/entries/kept", {"value": "still here"})
    key = server.key
    server.stop()
    server.start()
    assert server.key == key
    status, entry = server.request("GET", "/api/v1/namespaces/start/entries/kept")
    assert (status, entry["value"]) == (200, "still here")
