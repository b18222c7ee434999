"""A Lambda Runtime API on the loopback interface: hands out invocations one at a time and takes their answers."""

import json
import queue
import threading
import time
from dataclasses import dataclass
from itertools import count

from loopback import Handler, Loopback

VERSION = "/2018-06-01/runtime"
# One for all: Lambda gives no two invocations the same id, whichever process they go to.
_ids = count(1)


@dataclass(frozen=True)
class Answer:
    """How an invocation ended: `failed` tells a function error from a response."""

    failed: bool
    body: object
    text: str


class RuntimeApi:
    """`address` is what goes into AWS_LAMBDA_RUNTIME_API."""

    def __init__(self, function_arn):
        self.function_arn = function_arn
        self.waiting = queue.Queue()
        self.answers = queue.Queue()
        self.ready = threading.Event()  # the function asked for its first invocation: its init is over
        self.closing = threading.Event()
        self.server = Loopback(self._handler())
        self.address = self.server.address

    def invoke(self, payload, seconds):
        """Invokes with `payload` (bytes as they are, anything else as JSON) and a deadline in `seconds`."""
        request_id = self.hand_over(payload, seconds)
        answered, answer = self.answers.get(timeout=seconds + 5)  # Lambda would have killed it at the deadline
        assert answered == request_id, f"`{answered}` was answered and `{request_id}` was asked"
        return answer

    def hand_over(self, payload, seconds):
        """The same without waiting for the answer."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        request_id = f"00000000-0000-4000-8000-{next(_ids):012}"
        self.waiting.put((request_id, body, seconds))
        return request_id

    def close(self):
        self.closing.set()
        self.server.close()

    def _next(self):
        self.ready.set()
        while not self.closing.is_set():
            try:
                return self.waiting.get(timeout=0.1)
            except queue.Empty:
                continue
        return None

    def _handler(api):  # the handler needs both selves
        class RuntimeHandler(Handler):
            def do_GET(self):
                invocation = api._next() if self.path == f"{VERSION}/invocation/next" else None
                if invocation is None:
                    self.close_connection = True
                    return
                request_id, body, seconds = invocation
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": api.function_arn,
                    "Content-Type": "application/json",
                }
                self.send(200, body, headers.items())

            def do_POST(self):
                text = self.body().decode()
                request_id, _, end = self.path.removeprefix(f"{VERSION}/invocation/").partition("/")
                if self.path == f"{VERSION}/init/error":
                    request_id, end = "init", "error"
                api.answers.put((request_id, Answer(end == "error", json.loads(text or "null"), text)))
                self.send(202, b'{"status":"OK"}')

        return RuntimeHandler
