"""A recording proxy that does harm: to one call, or to a call whenever it is made, in one of the ways that AWS fails."""

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
# Beyond the 8 s that an attempt may take (src/aws/clients.rs).
LONG_SECONDS = 9


@dataclass(frozen=True)
class Point:
    """A call of a run that a later run makes too: calls run side by side, so their order alone names none."""

    name: str
    of: str
    nth: int

    @property
    def writes(self):
        """In a member account, as for every `Call`."""
        service, _, action = self.name.partition(":")
        return service == "iam" and not READS.match(action)

    def __str__(self):
        return f"{self.name} of {self.of} #{self.nth}"


class FaultProxy(Wire):
    """Tells what the SDK tried at each point. `harm` says what goes wrong next; it ends with `heal`."""

    def __init__(self, upstream_port):
        self.process = None  # the function's; the crashes end it
        self.lock = threading.Condition()
        self.under_way, self.crashed = 0, False
        self.heal()
        super().__init__(upstream_port)

    def heal(self):
        """No fault from here on, and nothing recorded."""
        self.wait()
        with self.lock:
            self.calls = []
            self.attempts = defaultdict(list)  # by point, as the SDK numbers them
            self.struck = []  # the calls that were harmed
            self.kind, self.point, self.lasting = None, None, False
            self._points = {}  # by the SDK's id of the call
            self._counts = defaultdict(int)

    def harm(self, kind, point, lasting=False):
        """Harms one attempt of the call at `point`; or every attempt of it and of all that follow like it."""
        self.heal()
        self.kind, self.point, self.lasting = KINDS[kind], point, lasting

    def points(self):
        """The points of what was recorded, in the order in which they came."""
        return list(self.attempts)

    def crash(self):
        """Ends the function's process and all that it sent and that is not under way yet."""
        with self.lock:
            self.crashed = True
        os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self):
        """Until AWS has answered all that is under way, whether or not anybody still listens."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.under_way == 0, 20), "a call does not end"

    def carry(self, handler, call, body):
        with self.lock:
            if self.crashed:
                return _reset(handler)
            strikes = self._strikes(call)
            self.under_way += 1
        try:
            return self.kind(self, handler, call, body) if strikes else super().carry(handler, call, body)
        finally:
            with self.lock:
                self.under_way -= 1
                self.lock.notify_all()

    def _strikes(self, call):
        point = self._point(call)
        self.attempts[point].append(call.attempt)
        if self.lasting:
            strikes = (point.name, point.of) == (self.point.name, self.point.of) and point.nth >= self.point.nth
        else:
            strikes = point == self.point and not self.struck
        if strikes:
            self.struck.append(call)
        return strikes

    def _point(self, call):
        if call.invocation not in self._points:
            like = (call.name, call.of)
            self._counts[like] += 1
            self._points[call.invocation] = Point(*like, self._counts[like])
        return self._points[call.invocation]


def _refused(status, code, json_code=None, json_status=None):
    """An answer in the service's own form: XML of the query protocol, or JSON. The call does not come to AWS."""

    def strike(_, handler, call, __):
        if "X-Amz-Target" in handler.headers:
            answer = _json_error(json_status or status, json_code or code)
        else:
            answer = _xml_error(call.service, status, code)
        handler.send(answer.status, answer.body, answer.headers)

    return strike


def _json_error(status, code):
    body = json.dumps({"__type": code, "message": "made by the fault proxy"}).encode()
    return Answer(status, body, (("Content-Type", "application/x-amz-json-1.1"),))


def _xml_error(service, status, code):
    space = {"iam": "https://iam.amazonaws.com/doc/2010-05-08/", "sts": "https://sts.amazonaws.com/doc/2011-06-15/"}
    side = "Sender" if status < 500 else "Receiver"
    error = f"<Error><Type>{side}</Type><Code>{code}</Code><Message>made by the fault proxy</Message></Error>"
    body = f'<ErrorResponse xmlns="{space[service]}">{error}<RequestId>fault</RequestId></ErrorResponse>'
    return Answer(status, body.encode(), (("Content-Type", "text/xml"),))


def _reset(handler):
    """Ends the connection with RST instead of FIN."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())


def _reset_before(_, handler, __, ___):
    _reset(handler)


def _reset_after(proxy, handler, call, body):
    """What was asked for is done, and its answer is lost."""
    proxy.forward(handler, call, body)
    _reset(handler)


def _cut(proxy, handler, call, body):
    """The answer ends in its middle."""
    answer = proxy.forward(handler, call, body)
    handler.send(answer.status, answer.body[: len(answer.body) // 2], answer.headers, length=len(answer.body))
    handler.close_connection = True


def _malformed(proxy, handler, call, body):
    """The answer says that all went well, and cannot be read."""
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
    Wire.carry(proxy, handler, call, body)


def _hangs(proxy, handler, call, body):
    """The answer comes when nobody waits for it any more."""
    answer = proxy.forward(handler, call, body)
    time.sleep(LONG_SECONDS)
    handler.send(answer.status, answer.body, answer.headers)


KINDS = {
    "throttled": _refused(400, "Throttling", "ThrottlingException"),
    "internal_failure": _refused(500, "InternalFailure"),
    "unavailable": _refused(503, "ServiceUnavailable"),
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "cut": _cut,
    "slow": _slow,
    "hangs": _hangs,
    "malformed": _malformed,
    "crash_before": _crash_before,
    "crash_after": _crash_after,
    "denied": _refused(403, "AccessDenied", "AccessDeniedException", 400),
    "expired": _refused(403, "ExpiredToken", "ExpiredTokenException", 400),
}
