"""Services that show a certificate instead of a key, over REST and MCP."""
import http.client
import json
import ssl
import subprocess

import pytest

from pgmind_server import Server

URI = "spiffe://example.org/indexer"


class Authority:
    """Certificates as an operator makes them with openssl."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "1", "-subj", f"/CN={name}", "-keyout", self.key(name),
                     "-out", self.file(name))

    def file(self, name):
        return str(self.folder / f"{name}.pem")

    def key(self, name):
        return str(self.folder / f"{name}.key")

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)

    def issue(self, name, *extensions):
        request = str(self.folder / f"{name}.csr")
        extension_file = self.folder / f"{name}.ext"
        extension_file.write_text("\n".join(extensions) + "\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={name}", "-keyout", self.key(name), "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.file(self.name), "-CAkey",
                     self.key(self.name), "-CAcreateserial", "-days", "1", "-extfile",
                     str(extension_file), "-out", self.file(name))
        return name


class TlsServer(Server):
    """One that speaks TLS and takes certificates of the given authority."""

    def __init__(self, ours, authority, settings):
        self.authority = authority
        super().__init__(settings=settings + [
            "http.tls_certificate_file=" + ours.file("gateway"),
            "http.tls_key_file=" + ours.key("gateway"),
            "http.tls_client_ca_file=" + authority.file(authority.name)])
        self.context_file = ours.file(ours.name)

    def connect(self, issuer=None, caller=None):
        context = ssl.create_default_context(cafile=self.context_file)
        if caller:
            context.load_cert_chain(issuer.file(caller), issuer.key(caller))
        return http.client.HTTPSConnection("localhost", self.port, timeout=60, context=context)

    def ready(self):
        try:
            connection = self.connect()
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
            connection.close()
            return status == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, issuer=None, caller=None, key="", headers=None):
        connection = self.connect(issuer or self.authority, caller)
        send = {"Content-Type": "application/json", **(headers or {})}
        if key:
            send["Authorization"] = "Bearer " + key
        connection.request(method, path, body=json.dumps(body) if body else None, headers=send)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("clients"), "clients")
    authority.issue("indexer", f"subjectAltName=URI:{URI}", "extendedKeyUsage=clientAuth")
    authority.issue("person", "subjectAltName=DNS:person.example.org")
    authority.issue("cn-only", "basicConstraints=CA:FALSE")
    authority.issue("unmapped", "subjectAltName=DNS:indexer")
    authority.issue("web", f"subjectAltName=URI:{URI}", "extendedKeyUsage=serverAuth")
    return authority


@pytest.fixture(scope="module")
def server(tmp_path_factory, clients):
    ours = Authority(tmp_path_factory.mktemp("ours"), "ours")
    ours.issue("gateway", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    mapping = (f"security.client_certificates=uri:{URI}=indexer,dns:person.example.org=person,"
               "cn:cn-only=indexer")
    with TlsServer(ours, clients, [mapping]) as running:
        for name, kind in (("indexer", "service"), ("person", "user")):
            grants = [{"role": "app_user", "namespace_pattern": "docs-*", "deny": False}]
            status, answer = running.ask("POST", "/api/v1/principals", key=running.key, body={
                "name": name, "kind": kind, "grants": grants})
            assert status == 201, answer
        yield running


@pytest.mark.parametrize("caller", ["indexer", "cn-only"])
def test_a_service_is_known_by_its_certificate(server, caller):
    status, me = server.ask("GET", "/api/v1/me", caller=caller)
    assert (status, me["name"], me["kind"]) == (200, "indexer", "service")
    server.ask("POST", "/api/v1/namespaces", {"name": "docs-1"}, key=server.key)
    server.ask("POST", "/api/v1/namespaces", {"name": "other"}, key=server.key)
    path = "/api/v1/namespaces/{}/entries/" + caller
    assert server.ask("PUT", path.format("docs-1"), {"value": 1}, caller=caller)[0] == 201
    assert server.ask("PUT", path.format("other"), {"value": 1}, caller=caller)[0] == 403


def test_a_service_calls_mcp(server):
    call = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                       "clientInfo": {"name": "test", "version": "1"}}}
    headers = {"Accept": "application/json, text/event-stream"}
    status, answer = server.ask("POST", "/mcp", call, caller="indexer", headers=headers)
    assert status == 200
    assert answer["result"]["serverInfo"]["name"] == "pgmind"
    assert server.ask("POST", "/mcp", call, headers=headers)[0] == 401
    assert server.ask("POST", "/mcp", call, caller="unmapped", headers=headers)[0] == 401


def test_certificates_of_nobody_and_of_people_are_refused(server):
    assert server.ask("GET", "/api/v1/me")[0] == 401
    assert server.ask("GET", "/api/v1/me", caller="unmapped")[0] == 401
    assert server.ask("GET", "/api/v1/me", caller="person")[0] == 401
    status, answer = server.ask("GET", "/api/v1/audit?decision=deny&limit=50", key=server.key)
    assert status == 200
    reasons = {record["reason"] for record in answer["records"]
               if record["resource_type"] == "certificate"}
    assert {"certificate of nobody", "certificates are for services"} <= reasons


def test_certificates_that_are_not_for_clients_end_the_handshake(server, tmp_path):
    strangers = Authority(tmp_path, "strangers")
    strangers.issue("indexer", f"subjectAltName=URI:{URI}", "extendedKeyUsage=clientAuth")
    for issuer, caller in ((strangers, "indexer"), (server.authority, "web")):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            server.ask("GET", "/api/v1/me", issuer=issuer, caller=caller)


def test_a_key_that_is_sent_as_well_decides(server):
    status, me = server.ask("GET", "/api/v1/me", caller="indexer", key=server.key)
    assert (status, me["name"]) == (200, "admin")
    assert server.ask("GET", "/api/v1/me", caller="indexer", key="wrong")[0] == 401


def test_a_disabled_service_stays_out(server):
    assert server.ask("DELETE", "/api/v1/principals/indexer", key=server.key)[0] == 204
    assert server.ask("GET", "/api/v1/me", caller="indexer")[0] == 401
