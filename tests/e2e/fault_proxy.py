"""A recording proxy that injects faults, in the ways in which AWS fails: into one call, or into every attempt of it."""

import json
import os
import signal
import socket
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from wire import READS, Answer, Wire

SHORT_SECONDS = 0.3
# Longer than the timeout of 8 s for one attempt (src/aws/clients.rs).
LONG_SECONDS = 9


@dataclass(frozen=True)
class Point:
    """Identifies a call across runs. Calls run concurrently, so their order does not identify them."""

    name: str
    resource: str
    nth: int

    @property
    def writes(self):
        """Whether it writes in a member account, as for `Call`."""
        service, _, action = self.name.partition(":")
        return service == "iam" and not READS.match(action)

    def __str__(self):
        return f"{self.name} of {self.resource} #{self.nth}"


class FaultProxy(Wire):
    """Records the SDK's attempts at each point. `inject` sets the next fault, `reset_faults` removes it."""

    def __init__(self, upstream_port):
        self.process = None  # the function's process, which the crash faults kill
        self.lock = threading.Condition()
        self.in_flight, self.crashed = 0, False
        self.reset_faults()
        super().__init__(upstream_port)

    def reset_faults(self):
        """Removes the fault and clears the recorded calls."""
        self.wait()
        with self.lock:
            self.calls = []
            self.attempts = defaultdict(list)  # attempt numbers of the SDK, by point
            self.faulted_calls = []
            self.kind, self.point, self.lasting = None, None, False
            self._points = {}  # by the SDK's invocation id
            self._counts = defaultdict(int)

    def inject(self, kind, point, lasting=False):
        """Faults one attempt of the call at `point`. If `lasting`, faults every attempt of it and of later calls like it."""
        self.reset_faults()
        self.kind, self.point, self.lasting = KINDS[kind], point, lasting

    def points(self):
        """The points of the recorded calls, in order of arrival."""
        return list(self.attempts)

    def crash(self):
        """Kills the function's process, and drops its requests that are not in flight yet."""
        with self.lock:
            self.crashed = True
        os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self):
        """Waits until all requests in flight are answered, even if the client has gone."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.in_flight == 0, 20), "a call did not end"

    def handle(self, handler, call, body):
        with self.lock:
            if self.crashed:
                return _reset(handler)
            faulted = self._record_and_match(call)
            self.in_flight += 1
        try:
            return self.kind(self, handler, call, body) if faulted else super().handle(handler, call, body)
        finally:
            with self.lock:
                self.in_flight -= 1
                self.lock.notify_all()

    def _record_and_match(self, call):
        point = self._point(call)
        self.attempts[point].append(call.attempt)
        if self.lasting:
            faulted = (point.name, point.resource) == (self.point.name, self.point.resource) and point.nth >= self.point.nth
        else:
            faulted = point == self.point and not self.faulted_calls
        if faulted:
            self.faulted_calls.append(call)
        return faulted

    def _point(self, call):
        if call.invocation not in self._points:
            key = (call.name, call.resource)
            self._counts[key] += 1
            self._points[call.invocation] = Point(*key, self._counts[key])
        return self._points[call.invocation]


def _refused(status, code, json_code=None, json_status=None):
    """An error response in the service's own protocol: XML (query protocol) or JSON. The call is not forwarded."""

    def fault(_, handler, call, __):
        if "X-Amz-Target" in handler.headers:
            answer = _json_error(json_status or status, json_code or code)
        else:
            answer = _xml_error(call.service, status, code)
        handler.send(answer.status, answer.body, answer.headers)

    return fault


def _json_error(status, code):
    body = json.dumps({"__type": code, "message": "injected by the fault proxy"}).encode()
    return Answer(status, body, (("Content-Type", "application/x-amz-json-1.1"),))


def _xml_error(service, status, code):
    space = {"iam": "https://iam.amazonaws.com/doc/2010-05-08/", "sts": "https://sts.amazonaws.com/doc/2011-06-15/"}
    side = "Sender" if status < 500 else "Receiver"
    error = f"<Error><Type>{side}</Type><Code>{code}</Code><Message>injected by the fault proxy</Message></Error>"
    body = f'<ErrorResponse xmlns="{space[service]}">{error}<RequestId>fault</RequestId></ErrorResponse>'
    return Answer(status, body.encode(), (("Content-Type", "text/xml"),))


def _reset(handler):
    """Closes the connection with RST instead of FIN."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def _reset_before(_, handler, __, ___):
    _reset(handler)


def _reset_after(proxy, handler, call, body):
    """The call takes effect, and its response is lost."""
    proxy.forward(handler, call, body)
    _reset(handler)


def _closed_before(_, handler, __, ___):
    """Closes the connection with FIN and without a response."""
    handler.close_connection = True


def _closed_after(proxy, handler, call, body):
    """The same, after the call took effect."""
    proxy.forward(handler, call, body)
    handler.close_connection = True


def _cut(proxy, handler, call, body):
    """The response is truncated."""
    answer = proxy.forward(handler, call, body)
    handler.send(answer.status, answer.body[: len(answer.body) // 2], answer.headers, length=len(answer.body))
    handler.close_connection = True


def _malformed(proxy, handler, call, body):
    """The response has status 200 and cannot be parsed."""
    answer = proxy.forward(handler, call, body)
    handler.send(200, b'<{"malformed', answer.headers)


def _crash_before(proxy, handler, _, __):
    proxy.crash()
    _reset(handler)


def _crash_after(proxy, handler, call, body):
    proxy.forward(handler, call, body)
    proxy.crash()
    _reset(handler)


def _slow(proxy, handler, call, body):
    time.sleep(SHORT_SECONDS)
    Wire.handle(proxy, handler, call, body)


def _hangs(proxy, handler, call, body):
    """The response arrives after the client's timeout."""
    answer = proxy.forward(handler, call, body)
    time.sleep(LONG_SECONDS)
    handler.send(answer.status, answer.body, answer.headers)


KINDS = {
    "throttled": _refused(400, "Throttling", "ThrottlingException"),
    "internal_failure": _refused(500, "InternalFailure"),
    "unavailable": _refused(503, "ServiceUnavailable"),
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "closed_before": _closed_before,
    "closed_after": _closed_after,
    "cut": _cut,
    "slow": _slow,
    "hangs": _hangs,
    "malformed": _malformed,
    "crash_before": _crash_before,
    "crash_after": _crash_after,
    "denied": _refused(403, "AccessDenied", "AccessDeniedException", 400),
    "expired": _refused(403, "ExpiredToken", "ExpiredTokenException", 400),
}
