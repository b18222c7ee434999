"""The real `bootstrap` as Lambda runs it: a process with its environment, a Runtime API, and its output."""

import json
import os
import resource
import subprocess
import tempfile
from pathlib import Path

from runtime_api import RuntimeApi
from stack import REGION
from wire import Wire

BOOTSTRAP = Path(__file__).parents[2] / os.environ.get("BOOTSTRAP", "target/debug/bootstrap")
# The function's timeout in template.yaml is 120 s. Tests that wait for an account use a shorter one.
SECONDS = 30
# Processes that a killed test run leaves behind end after this many seconds.
MAX_LIFETIME_SECONDS = "300"


class Function:
    """`memory_limit` is a limit of the process's data in bytes (RLIMIT_DATA): an allocation beyond it ends the process."""

    def __init__(self, server, credentials, environment, account, wire=Wire, memory_limit=resource.RLIM_INFINITY):
        self.wire = wire(server.port)
        self.api = RuntimeApi(f"arn:aws:lambda:{REGION}:{account}:function:account-onboarding")
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            ["timeout", MAX_LIFETIME_SECONDS, BOOTSTRAP],
            env={
                "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": credentials["SessionToken"],
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": self.wire.url,
                "AWS_LAMBDA_RUNTIME_API": self.api.address,
                "AWS_LAMBDA_FUNCTION_NAME": "account-onboarding",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/account-onboarding",
                "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]e2e",
                "PATH": "/usr/bin:/bin",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.errors,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory_limit, memory_limit)),
        )
        if not self.api.ready.wait(15):
            self.stop()
            raise RuntimeError(f"`{BOOTSTRAP}` requested no invocation within 15 s; output:\n{self.printed()}")

    def invoke(self, payload, seconds=SECONDS):
        return self.api.invoke(payload, seconds)

    def report(self, payload, seconds=SECONDS):
        """The response to a direct invocation, which must succeed."""
        answer = self.invoke(payload, seconds)
        assert not answer.failed, answer.text
        return answer.body

    def failures(self, batch, seconds=SECONDS):
        """The ids of the messages that a batch reports as failed."""
        answer = self.report(batch, seconds)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def log(self):
        """The lines of stdout, each of which must be JSON."""
        return [json.loads(line) for line in self._read(self.output).splitlines()]

    def printed(self):
        return self._read(self.output) + self._read(self.errors)

    def memory(self, key):
        """A value of /proc/PID/status of the function, in bytes, such as VmHWM, the most memory that it ever used.

        `self.process` is its parent, the `timeout` command.
        """
        parent = self.process.pid
        child = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0]
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) << 10

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.api.close()
        self.wire.close()

    @staticmethod
    def _read(file):
        return os.pread(file.fileno(), 1 << 24, 0).decode()
