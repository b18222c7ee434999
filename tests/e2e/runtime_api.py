"""A Lambda Runtime API on the loopback interface: returns one invocation at a time and receives its response."""

import json
import queue
import threading
import time
from dataclasses import dataclass
from itertools import count

from loopback import Handler, Loopback

VERSION = "/2018-06-01/runtime"
# Shared by all instances, because in Lambda every invocation has its own id, whichever process handles it.
_ids = count(1)


@dataclass(frozen=True)
class Answer:
    """The result of an invocation: `failed` distinguishes a function error from a response."""

    failed: bool
    body: object
    text: str


class RuntimeApi:
    """`address` is the value for AWS_LAMBDA_RUNTIME_API."""

    def __init__(self, function_arn):
        self.function_arn = function_arn
        self.waiting = queue.Queue()
        self.answers = queue.Queue()
        self.ready = threading.Event()  # set when the function requests its first invocation, which ends its init phase
        self.closing = threading.Event()
        self.server = Loopback(self._handler())
        self.address = self.server.address

    def invoke(self, payload, seconds):
        """Invokes with `payload` (bytes unchanged, anything else as JSON) and a deadline in `seconds`.

        That the function answers before its deadline is tested in simulated time (tests/promises/lambda.rs), because here the
        answer also waits for the processor. So it may come a little later; a function that does not answer fails the test."""
        request_id = self.deliver(payload, seconds)
        answered, answer = self.answers.get(timeout=seconds + 15)
        assert answered == request_id, f"the response is for `{answered}` instead of `{request_id}`"
        return answer

    def deliver(self, payload, seconds):
        """Invokes without waiting for the response."""
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

    def _handler(api):  # named `api`, because the nested handler has its own `self`
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
