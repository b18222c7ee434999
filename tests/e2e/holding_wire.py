"""A recording proxy that keeps back the responses of one call."""

import threading

from wire import Wire

SECONDS = 30


class HoldingWire(Wire):
    """Keeps back the responses of the call `name`, such as `iam:CreateRole`, until `released` is set."""

    def __init__(self, upstream_port, name):
        self.name, self.released = name, threading.Event()
        self._held = threading.Semaphore(0)
        super().__init__(upstream_port)

    def wait(self, count=1):
        """Waits until AWS has answered so many of these calls."""
        for _ in range(count):
            assert self._held.acquire(timeout=SECONDS), f"fewer than {count} calls of {self.name}"

    def forward(self, handler, call, body):
        answer = super().forward(handler, call, body)
        if call.name == self.name:
            self._held.release()
            assert self.released.wait(2 * SECONDS)
        return answer
