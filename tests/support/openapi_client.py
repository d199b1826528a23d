"""A client of the REST gateway that holds every answer against the gateway's OpenAPI document.

An undocumented status, media type, header or member fails the call; so does a body that was
accepted although the document does not allow it.
"""
import http.client
import json
import urllib.parse

import jsonschema

METHODS = ("get", "put", "post", "delete")


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        media_type = self.header("content-type").partition(";")[0]
        self.json = self.lines = None
        if media_type == "application/x-ndjson":
            self.lines = [json.loads(line) for line in body.splitlines()]
        elif body and media_type.endswith("json"):
            self.json = json.loads(body)

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def __repr__(self):
        return f"{self.status} {self.body[:600]!r}"


class Document:
    """The OpenAPI document, as something to ask."""

    def __init__(self, document):
        self.document = document
        self.validators = {}
        self.paths = [(path.strip("/").split("/"), item)
                      for path, item in document["paths"].items()]

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def operation(self, method, path):
        """The operation that a request means; None when its path or method is not documented."""
        wanted = path.strip("/").split("/")
        method = "get" if method == "HEAD" else method.lower()
        exact_first = sorted(self.paths, key=lambda entry: sum("{" in part for part in entry[0]))
        for parts, item in exact_first:
            fits = len(parts) == len(wanted) and all(
                part == given or (part.startswith("{") and given)
                for part, given in zip(parts, wanted))
            if fits and method in item:
                return item[method]
        return None

    def operation_ids(self):
        return {item[method]["operationId"] for _, item in self.paths
                for method in METHODS if method in item}

    def check(self, schema, value, what):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[key] = jsonschema.Draft202012Validator(
                whole, format_checker=jsonschema.FormatChecker())
        errors = list(self.validators[key].iter_errors(value))
        assert not errors, f"{what}: {errors[0].message} at {list(errors[0].absolute_path)}"


class Client:
    """Talks to one server with one key. `seen` holds (operationId, status) of what was checked."""

    def __init__(self, server, key=None):
        self.server = server
        self.key = server.key if key is None else key
        self.seen = set()
        plain = server.request("GET", "/api/v1/openapi.json")[1]
        self.document = Document(plain)

    def with_key(self, key):
        other = Client(self.server, key)
        other.seen = self.seen
        return other

    def send(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        fields = {"Authorization": "Bearer " + self.key} if self.key else {}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            fields["Content-Type"] = "application/json"
        fields.update(headers or {})
        connection.request(method, path, body=body, headers=fields)
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in
                                          response.getheaders()}, response.read())
        connection.close()
        return answer

    def request(self, method, path, body=None, headers=None):
        answer = self.send(method, path, body, headers)
        self.validate(method, path, body, headers or {}, answer)
        return answer

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def put(self, path, body=None, headers=None):
        return self.request("PUT", path, body, headers)

    def post(self, path, body=None, headers=None):
        return self.request("POST", path, body, headers)

    def delete(self, path, headers=None):
        return self.request("DELETE", path, None, headers)

    def validate(self, method, path, body, headers, answer):
        what = f"{method} {path} -> {answer}"
        assert answer.header("x-request-id"), what
        assert answer.header("x-content-type-options") == "nosniff", what
        assert answer.header("cache-control"), what
        plain_path = urllib.parse.urlsplit(path).path
        operation = self.document.operation(method, plain_path)
        if operation is None:
            assert answer.status in (403, 404, 405, 421), what
            self.document.check({"$ref": "#/components/schemas/Problem"}, answer.json, what)
            return
        assert str(answer.status) in operation["responses"], f"undocumented status: {what}"
        response = self.document.resolve(operation["responses"][str(answer.status)])
        self.check_headers(response, answer, what)
        self.seen.add((operation["operationId"], answer.status))
        if method != "HEAD":
            self.check_body(response, answer, what)
        if answer.status < 300:
            self.check_sent(operation, body, headers, what)

    def check_headers(self, response, answer, what):
        for name, header in response.get("headers", {}).items():
            value = answer.header(name)
            schema = self.document.resolve(header)["schema"]
            if value:
                self.document.check(schema, int(value) if schema["type"] == "integer" else value,
                                    f"{name} of {what}")
        for name in ("etag", "location", "idempotency-replayed"):
            known = {header.lower() for header in response.get("headers", {})}
            assert name in known or not answer.header(name), f"undocumented {name}: {what}"

    def check_body(self, response, answer, what):
        content = response.get("content", {})
        if not content:
            assert not answer.body, f"undocumented body: {what}"
            return
        media_type = answer.header("content-type").partition(";")[0]
        assert media_type in content, f"undocumented media type {media_type}: {what}"
        schema = content[media_type]["schema"]
        if answer.lines is not None:
            for line in answer.lines:
                self.document.check(schema, line, what)
        elif answer.json is not None:
            self.document.check(schema, answer.json, what)

    def check_sent(self, operation, body, headers, what):
        """What was accepted must be what the document says is accepted."""
        content = operation.get("requestBody", {}).get("content", {})
        if not body or not content:
            assert not body or content, f"a body was accepted that is not documented: {what}"
            return
        if isinstance(body, (dict, list)):
            self.document.check(content["application/json"]["schema"], body, "body of " + what)
        elif headers.get("Content-Type", "") in content and "Content-Encoding" not in headers:
            schema = content[headers["Content-Type"]]["schema"]
            text = body.decode() if isinstance(body, bytes) else body
            for line in filter(str.strip, text.splitlines()):
                self.document.check(schema, json.loads(line), "body of " + what)


def entry_path(namespace, key):
    return (f"/api/v1/namespaces/{urllib.parse.quote(namespace, safe='')}"
            f"/entries/{urllib.parse.quote(key, safe='')}")
