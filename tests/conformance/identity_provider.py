"""npm's oidc-provider on loopback, and the two ways to a token: a service's and a person's."""
import base64
import hashlib
import http.cookiejar
import json
import os
import pathlib
import re
import secrets
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import npm_packages

CALLBACK = "http://127.0.0.1/callback"


def resource(audience="pgmind", algorithm="es256", seconds=600):
    return f"urn:{audience}:{algorithm}:{seconds}"


class StopAtCallback(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not the last one: nobody listens there."""

    def redirect_request(self, request, body, status, message, headers, url):
        if url.startswith(CALLBACK):
            return None
        return super().redirect_request(request, body, status, message, headers, url)


class IdentityProvider:
    """Runs in a with block; restart() gives it new keys."""

    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = None

    def __enter__(self):
        self.start("first")
        return self

    def __exit__(self, *unused):
        self.stop()

    def start(self, key_prefix):
        script = pathlib.Path(__file__).with_name("identity_provider.mjs")
        self.process = subprocess.Popen(
            [str(npm_packages.node()), str(script), str(self.port), key_prefix],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PGMIND_NODE_MODULES": str(npm_packages.node_modules())})
        line = self.process.stdout.readline()
        if line.strip() != "listening":
            self.stop()
            raise RuntimeError("the identity provider did not start: " + line)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process.stdout.close()
        self.process = None

    def restart(self, key_prefix):
        self.stop()
        self.start(key_prefix)

    def ask_for_token(self, fields, headers=None):
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.url + "/token", data=body, headers=headers or {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def service_token(self, client, **of):
        credentials = base64.b64encode(f"{client}:{client}-secret".encode()).decode()
        return self.ask_for_token({"grant_type": "client_credentials", "resource": resource(**of)},
                                  {"Authorization": "Basic " + credentials})["access_token"]

    def log_in(self, account, **of):
        """Authorization code with PKCE, through the login and consent pages; gives all tokens."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {"client_id": "console", "response_type": "code", "redirect_uri": CALLBACK,
                 "scope": "openid", "resource": resource(**of), "code_challenge_method": "S256",
                 "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}
        browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), StopAtCallback())
        page = browser.open(self.url + "/auth?" + urllib.parse.urlencode(query), timeout=30)
        page = self.submit(browser, page, {"prompt": "login", "login": account, "password": "x"})
        try:
            self.submit(browser, page, {"prompt": "consent"})
            raise RuntimeError("the provider asks for more than a login and consent")
        except urllib.error.HTTPError as redirect:
            arrived = urllib.parse.urlparse(redirect.headers["Location"])
        code = urllib.parse.parse_qs(arrived.query)["code"][0]
        return self.ask_for_token({"grant_type": "authorization_code", "client_id": "console",
                                   "code": code, "redirect_uri": CALLBACK,
                                   "code_verifier": verifier, "resource": resource(**of)})

    @staticmethod
    def submit(browser, page, fields):
        action = re.search(r'<form[^>]*action="([^"]+)"', page.read().decode()).group(1)
        return browser.open(urllib.parse.urljoin(page.url, action),
                            data=urllib.parse.urlencode(fields).encode(), timeout=30)
