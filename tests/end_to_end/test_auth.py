"""Passwords and sessions: over REST, and from the command line as people use it."""
import json
import os
import pty
import re
import subprocess
import time
import urllib.request
import uuid

import pytest

from authenticator_app import code_of
from openapi_client import Client, entry_path
from pgmind_server import Server, clean_environment, program

PASSWORD = "correct horse battery"
DENIED = 4


# All tests come from one address.
SETTINGS = ["security.login_burst=10000", "security.logins_per_minute=10000"]


@pytest.fixture(scope="module")
def server():
    with Server(settings=SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def admin(server):
    return Client(server)


@pytest.fixture
def make_user(admin):
    """Makes a user with a password and grants; gives the name."""
    def make(*grants):
        name = "user-" + uuid.uuid4().hex[:10]
        body = {"name": name, "kind": "user", "grants": list(grants)}
        assert admin.post("/api/v1/principals", body).status == 201
        path = f"/api/v1/principals/{name}/password"
        assert admin.put(path, {"password": PASSWORD}).status == 204
        return name
    return make


def grant(role, pattern="*"):
    return {"role": role, "namespace_pattern": pattern, "deny": False}


@pytest.mark.parametrize("password", ["password1234", "Passw0rd!2024", "qwertyuiop123",
                                      "letmein letmein", "administrator1"])
def test_passwords_that_are_easy_to_guess_cannot_be_set(admin, make_user, password):
    name = make_user()
    refused = admin.put(f"/api/v1/principals/{name}/password", {"password": password})
    assert refused.status == 400 and refused.json["field"] == "password", refused
    assert "easy to guess" in refused.json["detail"] and password.encode() not in refused.body
    assert log_in(admin, name).status == 201


def log_in(admin, name, password=PASSWORD, **more):
    return admin.with_key("").post("/api/v1/auth/login",
                                   {"name": name, "password": password, **more})


def session_of(admin, name):
    answer = log_in(admin, name)
    assert answer.status == 201, answer
    return admin.with_key(answer.json["token"])


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def logins_of(admin, name):
    records = admin.get("/api/v1/audit?resource=" + name).json["records"]
    return [(record["decision"], record["outcome"]) for record in records
            if record["action"] == "login"]


def test_a_session_may_what_its_user_may(admin, make_user, namespace):
    user = session_of(admin, make_user(grant("app_user", namespace)))
    assert user.put(entry_path(namespace, "k"), {"value": 1}).status in (200, 201)
    assert user.get(entry_path(namespace, "k")).json["value"] == 1
    assert user.get(entry_path(namespace + "-other", "k")).status == 403
    assert user.get("/api/v1/principals").status == 403
    me = user.get("/api/v1/me").json
    assert me["session_id"] and not me["key_id"]


def test_every_wrong_login_gets_the_same_answer_and_is_recorded_once(admin, make_user):
    name = make_user()
    nobody = "nobody-" + uuid.uuid4().hex[:10]
    answers = [log_in(admin, name, "wrong password"), log_in(admin, nobody, PASSWORD),
               log_in(admin, name, "x" * 5000)]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.json["detail"] for answer in answers}) == 1
    assert logins_of(admin, name) == [("deny", "unauthenticated")] * 2
    assert logins_of(admin, nobody) == [("deny", "unauthenticated")]
    assert log_in(admin, name).status == 201
    assert logins_of(admin, name)[0] == ("allow", "ok")


def test_guessing_is_slowed_down_and_says_for_how_long(admin, make_user):
    name = make_user()
    for _ in range(5):
        assert log_in(admin, name, "wrong password").status == 401
    answers = [log_in(admin, name) for _ in range(2)]
    refused = answers[-1] if answers[-1].status == 429 else answers[0]
    assert refused.status == 429
    assert 1 <= int(refused.header("retry-after")) <= 900
    assert refused.header("retry-after") in refused.json["detail"]


def test_sessions_are_seen_and_ended_by_their_user_and_by_administrators(admin, make_user):
    name = make_user()
    first, second = session_of(admin, name), session_of(admin, name)
    sessions = first.get("/api/v1/auth/sessions").json["sessions"]
    assert [session["current"] for session in sessions].count(True) == 1
    other = next(session["session_id"] for session in sessions if not session["current"])
    assert session_of(admin, make_user()).delete("/api/v1/auth/sessions/" + other).status == 404
    assert first.delete("/api/v1/auth/sessions/" + other).status == 204
    assert second.get("/api/v1/me").status == 401
    mine = first.get("/api/v1/me").json["session_id"]
    assert admin.delete(f"/api/v1/principals/{name}/sessions/{mine}").status == 204
    assert first.get("/api/v1/me").status == 401
    assert all(session["revoked_at"] for session in
               admin.get(f"/api/v1/principals/{name}/sessions").json["sessions"])


def test_a_new_password_ends_the_other_sessions(admin, make_user):
    name = make_user()
    here, there = session_of(admin, name), session_of(admin, name)
    change = {"current_password": PASSWORD, "password": "another horse battery"}
    assert here.post("/api/v1/auth/password", {**change, "password": "short"}).status == 400
    assert here.post("/api/v1/auth/password", {**change, "current_password": "x"}).status == 401
    assert here.post("/api/v1/auth/password", change).status == 204
    assert here.get("/api/v1/me").status == 200
    eventually(lambda: there.get("/api/v1/me").status == 401)
    assert log_in(admin, name).status == 401
    assert log_in(admin, name, "another horse battery").status == 201


def test_only_users_have_passwords(admin):
    name = "agent-" + uuid.uuid4().hex[:10]
    assert admin.post("/api/v1/principals", {"name": name, "grants": []}).status == 201
    answer = admin.put(f"/api/v1/principals/{name}/password", {"password": PASSWORD})
    assert answer.status == 400 and "only users" in answer.json["detail"]


def test_a_session_ends_with_its_principal(admin, make_user):
    name = make_user()
    user = session_of(admin, name)
    assert admin.delete("/api/v1/principals/" + name).status == 204
    eventually(lambda: user.get("/api/v1/me").status == 401)
    assert log_in(admin, name).status == 401


def test_sessions_outlive_the_gateway_and_secrets_are_in_no_file():
    with Server(shards=1) as server:
        admin = Client(server)
        name = "user-" + uuid.uuid4().hex[:10]
        assert admin.post("/api/v1/principals",
                          {"name": name, "kind": "user", "grants": []}).status == 201
        path = f"/api/v1/principals/{name}/password"
        assert admin.put(path, {"password": PASSWORD}).status == 204
        token = log_in(admin, name).json["token"]
        server.stop()
        server.start()
        assert admin.with_key(token).get("/api/v1/me").json["name"] == name
        server.stop()
        secret = token[len("pgs_") + 33:].encode()
        for file in server.folder.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert secret not in content and PASSWORD.encode() not in content, file


def test_logins_are_counted(server, admin, make_user):
    def counted(outcome):
        with urllib.request.urlopen(server.url + "/metrics") as answer:
            found = re.search(r'pgmind_logins_total\{outcome="%s"\} (\d+)' % outcome,
                              answer.read().decode())
        return int(found.group(1))
    name = make_user()
    before = counted("ok"), counted("wrong")
    log_in(admin, name, "wrong password")
    log_in(admin, name)
    assert (counted("ok"), counted("wrong")) == (before[0] + 1, before[1] + 1)


class Person:
    """Somebody at a shell of their own."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.state = folder / "state"
        self.environment = {**clean_environment(), "XDG_STATE_HOME": str(self.state)}

    def run(self, *words, text=""):
        return subprocess.run([str(program()), "--url", self.server.url, *words], input=text,
                              capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment, start_new_session=True)

    def as_admin(self, *words, text=""):
        return self.run("--key-file", str(self.server.data / "admin.key"), *words, text=text)

    def at_terminal(self, *words, typed=()):
        """Runs it on a terminal, types a line at each prompt; gives (status, what it showed)."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(str(program()), [str(program()), "--url", self.server.url, *words],
                      self.environment)
        shown = b""
        waiting = list(typed)
        while True:
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
            if waiting and shown.endswith(b": "):
                os.write(terminal, waiting.pop(0).encode() + b"\n")
                shown += b"\n"
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")


@pytest.fixture
def person(server, tmp_path):
    return Person(server, tmp_path)


def add_user(person, *words):
    name = "user-" + uuid.uuid4().hex[:10]
    done = person.as_admin("auth", "user", "add", name, "--password-file", "-", *words,
                           text=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    return name


def test_a_person_logs_in_works_and_logs_out(person, namespace):
    name = add_user(person, "--grant", "app_user:" + namespace)
    done = person.run("auth", "login", name, "--password-file", "-", text=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert "pgs_" not in done.stdout + done.stderr
    file = person.state / "pgmind" / "session"
    assert file.stat().st_mode & 0o777 == 0o600
    assert person.run("store", namespace, "k", "1").returncode == 0
    me = json.loads(person.run("auth", "whoami", "--json").stdout)
    assert me["name"] == name
    assert me["session_id"] in person.run("auth", "sessions").stdout
    kept = file.read_text()
    assert person.run("auth", "logout").returncode == 0
    assert not file.exists()
    file.write_text(kept)
    file.chmod(0o600)
    done = person.run("get", namespace, "k")
    assert done.returncode == DENIED and "log in again" in done.stderr
    assert person.run("auth", "logout").returncode == 0


def test_a_session_is_shown_to_its_own_server_only_and_not_from_an_open_file(person):
    name = add_user(person)
    assert person.run("auth", "login", name, "--password-file", "-",
                      text=PASSWORD + "\n").returncode == 0
    elsewhere = person.server.url.replace("127.0.0.1", "localhost")
    done = subprocess.run([str(program()), "--url", elsewhere, "auth", "whoami"], text=True,
                          capture_output=True, timeout=60, env=person.environment, check=False)
    assert done.returncode == DENIED
    (person.state / "pgmind" / "session").chmod(0o644)
    assert person.run("auth", "whoami").returncode == DENIED


def test_a_token_file_works_as_a_key_file(person):
    name = add_user(person)
    token = person.folder / "token"
    assert person.run("auth", "login", name, "--password-file", "-", "-o", str(token),
                      text=PASSWORD + "\n").returncode == 0
    assert token.stat().st_mode & 0o777 == 0o600
    done = person.run("--key-file", str(token), "auth", "whoami")
    assert done.returncode == 0 and name in done.stdout


def test_passwords_are_typed_unseen(person):
    name = add_user(person)
    status, shown = person.at_terminal("auth", "login", name, typed=[PASSWORD])
    assert status == 0 and "logged in" in shown, shown
    assert PASSWORD not in shown
    status, shown = person.at_terminal("auth", "passwd", typed=[
        PASSWORD, "another horse battery", "another horse battery"])
    assert status == 0, shown
    assert "horse" not in shown
    status, shown = person.at_terminal("auth", "login", name, typed=[PASSWORD])
    assert status == DENIED, shown


def test_an_administrator_without_a_second_factor_may_only_enrol_one(admin, make_user):
    name = make_user(grant("admin"))
    answer = log_in(admin, name)
    assert answer.json["second_factor_needed"]
    session = admin.with_key(answer.json["token"])
    refused = session.get("/api/v1/principals")
    assert refused.status == 403 and refused.json["reason"] == "second_factor_required"
    assert session.get(entry_path("any", "k")).status == 403
    state = session.get("/api/v1/auth/second-factor").json
    assert state["required"] and not state["enrolled"]

    secret = session.post("/api/v1/auth/second-factor", {"password": PASSWORD}).json["secret"]
    confirmed = session.post("/api/v1/auth/second-factor/confirm", {"code": code_of(secret)})
    codes = confirmed.json["recovery_codes"]
    assert len(set(codes)) == 10
    assert session.get("/api/v1/principals").status == 403
    asked = log_in(admin, name)
    assert asked.status == 401 and asked.json["reason"] == "second_factor_required"
    code = code_of(secret, 1)
    answer = log_in(admin, name, code=code)
    assert answer.status == 201 and answer.json["second_factor"]
    assert admin.with_key(answer.json["token"]).get("/api/v1/principals").status == 200
    assert log_in(admin, name, code=code).json["reason"] == "second_factor_wrong"
    assert log_in(admin, name, code=codes[0]).status == 201
    assert log_in(admin, name, code=codes[0]).status == 401
    assert admin.delete(f"/api/v1/principals/{name}/second-factor").status == 204
    assert log_in(admin, name).status == 201
    assert [record["action"] for record in
            admin.get("/api/v1/audit?resource=" + name).json["records"]
            if record["action"].startswith("second_factor")] == [
                "second_factor.reset", "second_factor.confirm", "second_factor.enrol"]


def test_a_person_enrols_an_app_by_its_qr_code(person):
    name = add_user(person)
    assert person.run("auth", "login", name, "--password-file", "-",
                      text=PASSWORD + "\n").returncode == 0
    picture = person.folder / "code.png"
    done = person.run("auth", "mfa", "enrol", "--password-file", "-", "--png", str(picture),
                      "--json", text=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG\r\n") and picture.stat().st_mode & 0o077 == 0
    secret = json.loads(done.stdout)["secret"]
    done = person.run("auth", "mfa", "confirm", code_of(secret))
    assert done.returncode == 0 and len(done.stdout.split()) == 10, done.stderr
    recovery = done.stdout.split()
    assert "10 recovery codes left" in person.run("auth", "mfa", "status").stdout
    status, shown = person.at_terminal("auth", "login", name, typed=[PASSWORD, code_of(secret, 1)])
    assert status == 0 and "Code of the authenticator app" in shown, shown
    assert person.run("auth", "login", name, "--password-file", "-", "--code", recovery[0],
                      text=PASSWORD + "\n").returncode == 0
    done = person.run("auth", "mfa", "disable", "--password-file", "-", "--code", recovery[1],
                      text=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert "not enrolled" in person.run("auth", "mfa", "status").stdout


def test_the_qr_code_on_the_terminal_holds_the_secret(person):
    name = add_user(person)
    person.run("auth", "login", name, "--password-file", "-", text=PASSWORD + "\n")
    status, shown = person.at_terminal("auth", "mfa", "enrol", typed=[PASSWORD, "000000"])
    assert "\u2588" in shown and re.search(r"[A-Z2-7]{32}", shown)
    assert status == 2 and "code" in shown


def test_where_nobody_can_be_asked_a_file_is_needed(person):
    done = person.run("auth", "login", "ann")
    assert done.returncode == 2 and "--password-file" in done.stderr
