"""The AWS emulators, as child processes on free ports of the loopback interface."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "us-east-1"
# Emulators that a killed test run leaves behind exit after this many seconds.
MAX_LIFETIME_SECONDS = "1800"


class Server:
    def __init__(self, command, environment):
        self.lock, self.clients = threading.Lock(), {}
        self.port = _free_port()
        here = Path(sys.executable).parent
        self.process = subprocess.Popen(
            ["timeout", MAX_LIFETIME_SECONDS, here / command[0], *(str(word).format(port=self.port) for word in command[1:])],
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", "/"),
                **{name: value.format(port=self.port) for name, value in environment.items()},
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait(30)

    def client(self, service, access_key, secret="test", token=None, region=REGION):
        """A cached client, because clients are slow to create. Safe to call and use from any thread."""
        with self.lock:
            key = (service, access_key, secret, token, region)
            if key not in self.clients:
                self.clients[key] = self._client(*key)
            return self.clients[key]

    def _client(self, service, access_key, secret, token, region):
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"max_attempts": 1}, proxies={}, max_pool_connections=50),
        )

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def _wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"`{self.process.args[2]}` did not start within {seconds} s")


def ministack(python=sys.executable, **variables):
    """Evaluates trust, identity and session policies; does not create the access role of an account."""
    return Server(
        [python, Path(__file__).with_name("extended_ministack.py")],
        {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": "{port}",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            **variables,
        },
    )


def moto():
    """Evaluates no policies; creates the access role of a new account as Organizations does."""
    return Server(["moto_server", "-H", "127.0.0.1", "-p", "{port}"], {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"})


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
