"""Tokens of a real, independent identity provider at REST and MCP, and those that must not pass."""
import base64
import json
import time

import pytest

from identity_provider import IdentityProvider
from pgmind_server import Ports, Server


@pytest.fixture(scope="module")
def provider():
    ports = Ports(1)
    with IdentityProvider(ports.first) as running:
        yield running
    ports.close()


@pytest.fixture(scope="module")
def trusting(provider):
    section = "security.oidc.test."
    settings = {"issuer": provider.url, "audience": "pgmind", "keys_url": provider.url + "/jwks",
                "plain_http": "true", "kind_claim": "pgmind_kind", "namespace_claim": "namespaces",
                "roles": "agent=mcp_user,ops=admin@*", "clock_skew_seconds": "0",
                "key_cooldown_seconds": "1", "kind": "user"}
    with Server(settings=[section + name + "=" + value
                          for name, value in settings.items()]) as running:
        yield running


def bearer(token):
    return {"Authorization": "Bearer " + token}


def who_am_i(server, token):
    return server.request("GET", "/api/v1/me", headers=bearer(token))


def wait_for_status(server, token, wanted):
    """Asks until the answer is the wanted one, for at most 20 s."""
    end = time.monotonic() + 20
    status = None
    while status != wanted and time.monotonic() < end:
        status, _ = who_am_i(server, token)
        time.sleep(0.1)
    assert status == wanted


def changed(token, part, change):
    """The token with one part (0 header, 1 claims) replaced, its signature kept."""
    parts = token.split(".")
    text = parts[part]
    content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    content.update(change)
    raw = json.dumps(content).encode()
    parts[part] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return ".".join(parts)


def failure_reasons(server):
    status, answer = server.request("GET", "/api/v1/audit?decision=deny&limit=200")
    assert status == 200
    return [record["reason"] for record in answer["records"]
            if record["resource_type"] == "token"]


def refuse_for(server, token, reason):
    """Shows the token until its refusal is on record: of many at once only some are, one by one."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert who_am_i(server, token)[0] == 401, reason
        if reason in failure_reasons(server):
            return
        time.sleep(0.2)
    raise AssertionError(f"no refusal with '{reason}' in {failure_reasons(server)}")


@pytest.mark.parametrize("algorithm", ["es256", "rs256"])
def test_a_service_gets_what_its_claims_say(provider, trusting, algorithm):
    token = provider.service_token("agent", algorithm=algorithm)
    status, me = who_am_i(trusting, token)
    assert status == 200
    assert (me["name"], me["kind"]) == ("test:agent", "ai_agent")
    assert [(grant["role"], grant["namespace_pattern"]) for grant in me["grants"]] == [
        ("mcp_user", "team-a-*")]
    for namespace, wanted in (("team-a-x", 201), ("team-b-x", 403)):
        trusting.request("POST", "/api/v1/namespaces", {"name": namespace})
        path = f"/api/v1/namespaces/{namespace}/entries/{algorithm}"
        status, answer = trusting.request("PUT", path, {"value": 1}, headers=bearer(token))
        assert status == wanted, answer
    status, _ = trusting.request("GET", "/api/v1/principals", headers=bearer(token))
    assert status == 403


def test_a_person_logs_in_and_administers(provider, trusting):
    tokens = provider.log_in("alice")
    status, me = who_am_i(trusting, tokens["access_token"])
    assert status == 200
    assert (me["name"], me["kind"]) == ("test:alice", "user")
    name = "made-by-alice"
    status, _ = trusting.request("POST", "/api/v1/principals",
                                 {"name": name, "kind": "service", "grants": []},
                                 headers=bearer(tokens["access_token"]))
    assert status == 201
    status, answer = trusting.request("GET", "/api/v1/audit?principal=test:alice&limit=50")
    assert status == 200
    assert "principal.create" in [record["action"] for record in answer["records"]]
    assert {record["principal_id"] for record in answer["records"]} == {me["id"]}
    # The token that says who logged in at the provider is no key to anything.
    assert who_am_i(trusting, tokens["id_token"])[0] == 401


def test_an_agent_calls_tools_over_mcp(provider, trusting):
    token = provider.service_token("agent")
    headers = {**bearer(token), "Accept": "application/json, text/event-stream"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                       "clientInfo": {"name": "test", "version": "1"}}}
    status, answer = trusting.request("POST", "/mcp", call, headers=headers)
    assert status == 200
    assert answer["result"]["serverInfo"]["name"] == "pgmind"
    assert trusting.request("POST", "/mcp", call, headers={
        **headers, **bearer(changed(token, 1, {"sub": "root"}))})[0] == 401


def test_missing_claims_give_nothing(provider, trusting):
    token = provider.service_token("nobody")
    status, me = who_am_i(trusting, token)
    assert (status, me["grants"]) == (200, [])
    status, _ = trusting.request("GET", "/api/v1/namespaces/team-a-x/entries/es256",
                                 headers=bearer(token))
    assert status == 403


def test_all_namespaces_are_not_the_tokens_to_give(provider, trusting):
    refuse_for(trusting, provider.service_token("greedy"),
               "token for namespaces without a beginning")


def test_tokens_for_others_and_forged_ones_are_refused(provider, trusting):
    good = provider.service_token("agent")
    assert who_am_i(trusting, good)[0] == 200
    wrong = {
        "wrong audience": provider.service_token("agent", audience="other"),
        "unknown key of the provider": provider.service_token("agent", algorithm="ps256"),
        "wrong signature": changed(good, 1, {"roles": ["ops"]}),
        "token valid for too long": provider.service_token("agent", seconds=7200),
        "unknown issuer": changed(good, 1, {"iss": "http://127.0.0.1:1"}),
        "malformed token": changed(good, 0, {"crit": ["exp"]}),
    }
    for reason, token in wrong.items():
        refuse_for(trusting, token, reason)
    unsigned = changed(good, 0, {"alg": "none"})
    assert who_am_i(trusting, unsigned)[0] == 401
    assert who_am_i(trusting, unsigned.rsplit(".", 1)[0] + ".")[0] == 401
    assert who_am_i(trusting, changed(good, 0, {"alg": "HS256"}))[0] == 401


def test_a_token_ends(provider, trusting):
    token = provider.service_token("agent", seconds=2)
    assert who_am_i(trusting, token)[0] == 200
    wait_for_status(trusting, token, 401)


def test_keys_rotate_and_the_provider_may_be_away(provider, trusting):
    old = provider.service_token("agent")
    provider.stop()
    assert who_am_i(trusting, old)[0] == 200
    provider.start("second")
    # Keys are asked for once a second at most, here; then the new ones count and the old do not.
    wait_for_status(trusting, provider.service_token("agent"), 200)
    assert who_am_i(trusting, old)[0] == 401
