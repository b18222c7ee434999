"""An HTTP server in front of an emulator, for clients that must seem to use TLS."""

import http.client

from loopback import Handler, Loopback
from wire import OWN_HEADERS


class Front:
    """An HTTP server in front of the emulator that declares each request as received over TLS, as a load balancer would.

    The queue policies deny every call without TLS, and the emulator evaluates them.
    """

    def __init__(self):
        self.port = None
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}"

    def close(self):
        self.server.close()

    def _handler(front):  # named `front`, because the nested handler has its own `self`
        class FrontHandler(Handler):
            def forward(self):
                body = self.body()
                upstream = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    upstream.putheader(name, value)
                upstream.putheader("X-Forwarded-Proto", "https")
                upstream.endheaders(body)
                response = upstream.getresponse()
                answer = response.read()
                upstream.close()
                headers = [entry for entry in response.getheaders() if entry[0].lower() not in OWN_HEADERS]
                self.send(response.status, answer, headers)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = forward

        return FrontHandler
