"""What a hostile network can send: names and origins that are not ours, heads and bodies that two
parsers could read in two ways, too much of anything, and clients that never finish."""
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import time

import pytest

from pgmind_server import Server

HIDDEN = ("Server", "X-Powered-By", "Access-Control-Allow-Origin")


def exchange(port, request, seconds=15):
    """Sends bytes as they are; gives everything until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    return answer


def statuses(answer):
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.fixture(scope="module")
def named_server(tmp_path_factory):
    """Over TLS, reached under a name, with few connections for each address."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                    "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    with TlsServer(folder, settings=[f"http.tls_certificate_file={folder / 'certificate.pem'}",
                                     f"http.tls_key_file={folder / 'key.pem'}",
                                     "http.host_names=memory.example.org",
                                     "http.connections_per_address_max=20"]) as running:
        yield running


class TlsServer(Server):
    def __init__(self, folder, settings):
        super().__init__(shards=1, settings=settings)
        self.context = ssl.create_default_context(cafile=folder / "certificate.pem")

    def ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path, **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10,
                                                 context=self.context)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()


def test_answers_tell_browsers_to_be_careful(server):
    for path in ("/", "/healthz", "/api/v1/me", "/nothing", "/mcp"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", path)
        headers = connection.getresponse().headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cache-Control"], path
        assert headers["Strict-Transport-Security"] is None, path
        assert not [name for name in HIDDEN if headers[name]], path
        connection.close()


def test_over_tls_browsers_are_told_to_stay_there(named_server):
    for path in ("/", "/healthz", "/api/v1/me", "/mcp"):
        _, headers = named_server.get(path)
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path


def test_a_gateway_answers_to_its_names_only(named_server):
    for host in ("memory.example.org", "MEMORY.example.org:443", "127.0.0.1", "localhost"):
        assert named_server.get("/healthz", Host=host)[0] == 200, host
    for host in ("evil.example", "memory.example.org.evil.example", "xmemory.example.org"):
        assert named_server.get("/healthz", Host=host)[0] == 421, host
        assert named_server.get("/mcp", Host=host)[0] == 421, host


def test_other_sites_and_rebound_names_are_refused_and_recorded(server):
    for path in ("/api/v1/me", "/mcp"):
        for name, value, status in (("Origin", "https://evil.example", 403),
                                    ("Origin", "null", 403), ("Host", "evil.example", 421)):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", path, headers={name: value,
                                                     "Authorization": f"Bearer {server.key}"})
            answer = connection.getresponse()
            assert answer.status == status, (path, name)
            assert answer.headers["Access-Control-Allow-Origin"] is None
            connection.close()

    def recorded():
        _, body = server.request("GET", "/api/v1/audit?limit=50")
        outcomes = [record["outcome"] for record in body["records"]]
        # Five a second of one address are written by themselves, the rest as a number.
        return (outcomes.count("forbidden_origin") + outcomes.count("misdirected_host") >= 5
                and "misdirected_host" in outcomes)
    assert eventually(recorded)


SMUGGLED = b"GET /api/v1/principals HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize("head", [
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"Content-Length: 5, 5\r\n\r\nhello",
    b"Content-Length: +5\r\n\r\nhello",
    b"Content-Length: 0x5\r\n\r\nhello",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + SMUGGLED,
    b"X: 1\n\n" + SMUGGLED,
    b"X: 1\r\n folded\r\n\r\n" + SMUGGLED,
    b"X\x00: 1\r\n\r\n" + SMUGGLED,
    b"Host: other\r\n\r\n" + SMUGGLED,
])
def test_what_two_parsers_read_in_two_ways_is_refused(server, head):
    answer = exchange(server.port, b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                      b"Content-Type: application/json\r\n" + head)
    assert statuses(answer) and statuses(answer)[0] >= 400, answer
    # The refused head ends the connection: what follows it is never a request of its own.
    assert len(statuses(answer)) == 1, answer


def test_oversized_input_is_refused(server):
    long_target = exchange(server.port, b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert statuses(long_target) == [414]
    long_head = exchange(server.port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 20_000)
    assert statuses(long_head) == [431]
    body = exchange(server.port, b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{")
    assert statuses(body) == [413]
    deep = b"[" * 100_000
    nested = exchange(server.port, b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                      b"Content-Type: application/json\r\nAuthorization: Bearer "
                      + server.key.encode() + b"\r\nContent-Length: " + str(len(deep)).encode()
                      + b"\r\n\r\n" + deep)
    assert statuses(nested) == [400]


def test_one_address_does_not_take_all_connections(named_server):
    with contextlib.ExitStack() as stack:
        for _ in range(19):
            stack.enter_context(socket.create_connection(("127.0.0.1", named_server.port)))
        assert eventually(lambda: refused(named_server))
        # Another address is served meanwhile.
        assert named_server.context.wrap_socket(
            stack.enter_context(socket.create_connection(
                ("127.0.0.1", named_server.port), source_address=("127.0.0.2", 0))),
            server_hostname="localhost").version() in ("TLSv1.2", "TLSv1.3")
    assert eventually(lambda: named_server.get("/healthz")[0] == 200)


def refused(server):
    """Whether two more connections are one too many."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10):
        try:
            server.get("/healthz")
        except OSError:
            return True
        return False


def eventually(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if holds():
                return True
        time.sleep(0.05)
    return False


def test_clients_that_never_finish_leave_others_served(server):
    unfinished = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                  b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                  b"Content-Length: 100000\r\n\r\n{", b"")
    with contextlib.ExitStack() as stack:
        for number in range(1000):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(unfinished[number % len(unfinished)])
        slowest = 0.0
        for number in range(200):
            begin = time.monotonic()
            status, _ = server.request("GET", "/api/v1/me")
            slowest = max(slowest, time.monotonic() - begin)
            assert status == 200
        assert slowest < 2, slowest
        head_of_first = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        head_of_first.settimeout(30)
        head_of_first.sendall(b"GET / HTTP/1.1\r\n")
        assert statuses(head_of_first.recv(65536)) == [408]


def test_errors_say_nothing_about_the_inside(server):
    for body in (b"{", b'{"name": 1}', b"[]", json.dumps({"name": "a" * 5000}).encode()):
        answer = exchange(server.port, b"POST /api/v1/principals HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                          b"Connection: close\r\nContent-Type: application/json\r\n"
                          b"Authorization: Bearer " + server.key.encode() + b"\r\nContent-Length: "
                          + str(len(body)).encode() + b"\r\n\r\n" + body)
        assert statuses(answer)[0] in (400, 422), answer
        for inside in (b".cpp", b"PQ", b"libpq", b"SELECT", b"/var/", str(server.data).encode()):
            assert inside not in answer
