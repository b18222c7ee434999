"""A recording proxy between the function and AWS: what the function really sent, call by call."""

import http.client
import json
import re
import urllib.parse
from dataclasses import dataclass

from loopback import Handler, Loopback

# Headers that this connection has of its own.
OURS = ("connection", "content-length", "date", "server", "transfer-encoding")
READS = re.compile(r"^(Get|List|Describe|AssumeRole$)")


@dataclass(frozen=True)
class Call:
    service: str
    action: str
    parameters: dict
    status: int

    @property
    def name(self):
        return f"{self.service}:{self.action}"

    @property
    def writes(self):
        return not READS.match(self.action)


class Wire:
    """`url` goes into AWS_ENDPOINT_URL, `calls` grows. Requests pass unchanged, or their signatures would not hold."""

    def __init__(self, upstream_port):
        self.calls = []
        self.server = Loopback(self._handler(upstream_port))
        self.url = f"http://{self.server.address}"

    def named(self, name):
        return [call for call in self.calls if call.name == name]

    def writes(self):
        return [call for call in self.calls if call.writes]

    def close(self):
        self.server.close()

    def _handler(wire, upstream_port):  # the handler needs both selves
        class WireHandler(Handler):
            def do_POST(self):
                body = self.body()
                upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=30)
                upstream.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    upstream.putheader(name, value)
                upstream.endheaders(body)
                response = upstream.getresponse()
                answer = response.read()
                upstream.close()
                wire.calls.append(_call(self.headers, body, response.status))
                self.send(
                    response.status, answer, [entry for entry in response.getheaders() if entry[0].lower() not in OURS]
                )

        return WireHandler


def _call(headers, body, status):
    """The service is read from the signature's scope, the action as each of the two protocols says it."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("Authorization", ""))
    service = scope.group(1) if scope else "unsigned"
    if target := headers.get("X-Amz-Target"):
        return Call(service, target.rpartition(".")[2], json.loads(body or b"{}"), status)
    parameters = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    return Call(service, parameters.pop("Action", "?"), parameters, status)
