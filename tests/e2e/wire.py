"""A recording proxy between the function and AWS: it records every call that the function sends."""

import http.client
import json
import re
import urllib.parse
from dataclasses import dataclass, replace

from loopback import Handler, Loopback

# Hop-by-hop headers, and headers that this proxy sets itself.
OWN_HEADERS = ("connection", "content-length", "date", "server", "transfer-encoding")
READS = re.compile(r"^(Get|List|Describe|AssumeRole$)")


@dataclass(frozen=True)
class Call:
    service: str
    action: str
    parameters: dict
    status: int | None = None
    """The status of the response; None if the call was not forwarded."""
    invocation: str = ""
    """The SDK's invocation id, which all attempts of one call share."""
    attempt: int = 1

    @property
    def name(self):
        return f"{self.service}:{self.action}"

    @property
    def resource(self):
        """The resource that the call is about, with account IDs removed so that runs are comparable."""
        named = [self.parameters[name] for name in ("RoleName", "PolicyName", "Name") if name in self.parameters]
        named += self.parameters.get("Names", [])
        named += [value["S"] for value in self.parameters.get("Key", {}).values()]
        named = [re.sub(r"\d{12}", "ACCOUNT", name) for name in named]
        if arn := self.parameters.get("RoleArn"):
            named.append(arn.rpartition("/")[2])
        return "/".join(named) or "the caller"

    @property
    def writes(self):
        """Whether it writes in a member account. Queue messages and notifications do not count."""
        return self.service == "iam" and not READS.match(self.action)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: tuple = ()


class Wire:
    """`url` is the value for AWS_ENDPOINT_URL; `calls` are the recorded calls. Requests are forwarded unchanged, which keeps
    their signatures valid."""

    def __init__(self, upstream_port):
        self.calls = []
        self.upstream_port = upstream_port
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}"

    def named(self, name):
        return [call for call in self.calls if call.name == name]

    def writes(self):
        return [call for call in self.calls if call.writes]

    def close(self):
        self.server.close()

    def handle(self, handler, call, body):
        """Forwards a request to AWS and returns the response."""
        answer = self.forward(handler, call, body)
        handler.send(answer.status, answer.body, answer.headers)

    def forward(self, handler, call, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=30)
        upstream.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        response = upstream.getresponse()
        answer = response.read()
        upstream.close()
        self.calls.append(replace(call, status=response.status))
        headers = tuple(entry for entry in response.getheaders() if entry[0].lower() not in OWN_HEADERS)
        return Answer(response.status, answer, headers)

    def _handler(wire):  # named `wire`, because the nested handler has its own `self`
        class WireHandler(Handler):
            def do_POST(self):
                body = self.body()
                wire.handle(self, _call(self.headers, body), body)

            do_GET = do_POST  # REST APIs, such as Lambda's

        return WireHandler


def _call(headers, body):
    """Parses a request: the service from the signature's scope, the action from the JSON or the query protocol."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("Authorization", ""))
    service = scope.group(1) if scope else "unsigned"
    attempt = re.search(r"attempt=(\d+)", headers.get("amz-sdk-request", ""))
    sdk = {"invocation": headers.get("amz-sdk-invocation-id", ""), "attempt": int(attempt.group(1)) if attempt else 1}
    if target := headers.get("X-Amz-Target"):
        return Call(service, target.rpartition(".")[2], json.loads(body or b"{}"), **sdk)
    parameters = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    return Call(service, parameters.pop("Action", "?"), parameters, **sdk)
