"""Measures the release build: binary size, zip size, init time, memory and API calls. It only prints the figures.

    cargo build --release --bin bootstrap
    bash .ci/run e2e                                   # creates .venv/e2e
    .venv/e2e/bin/python benches/figures.py [target/release/bootstrap]

Everything runs on the loopback interface over plain HTTP, so the figures do not include the cost of TLS. The last lines show how
long one event takes if every call takes 100 ms, which is mainly the number of dependent steps.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
BINARY = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/bootstrap").resolve()
os.environ["BOOTSTRAP"] = str(BINARY)
sys.path.insert(0, str(ROOT / "tests/e2e"))

import events  # noqa: E402
import hostile  # noqa: E402
import stack  # noqa: E402
from function import Function  # noqa: E402
from wire import Wire  # noqa: E402
from world import World  # noqa: E402

STARTS = 20
MIB = 1 << 20
DELAY = 0.1


class DelayedWire(Wire):
    """Every call takes longer by DELAY."""

    def handle(self, handler, call, body):
        time.sleep(DELAY)
        super().handle(handler, call, body)


def zip_size():
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bootstrap.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(BINARY, "bootstrap")
        return path.stat().st_size


def init():
    """Milliseconds from the start of the process to its first request for an invocation, which a plain socket accepts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        variables = {
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "figures",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "figures",
            "AWS_LAMBDA_LOG_STREAM_NAME": "figures",
            "ONBOARDING_CONFIG_PARAMETER": "/figures",
        }
        began = time.perf_counter()
        process = subprocess.Popen([BINARY], env=variables, stdin=subprocess.DEVNULL)
        connection, _ = server.accept()
        connection.recv(1)
        elapsed = (time.perf_counter() - began) * 1000
        process.kill()
        process.wait()
        connection.close()
        return elapsed


def hostile_peaks(world, start, account):
    """The most memory that any single input of tests/e2e/hostile.py takes, each in a process of its own: (bytes, input)."""
    peaks = []
    for name, payload in hostile.payloads(account).items():
        function = start()
        function.invoke(payload, 60)
        peaks.append((function.memory("VmHWM"), name))
        function.stop()
    vendor = hostile.HostileVendor()
    environment = vendor.environment(world)
    for name, answer in hostile.vendor_answers().items():
        vendor.answer = answer
        function = start(environment=environment)
        function.invoke({"account_id": account}, 6)
        peaks.append((function.memory("VmHWM"), name))
        function.stop()
    vendor.close()
    return sorted(peaks, reverse=True)


def main():
    server = stack.ministack()
    try:
        world = World.deployed(server)

        def start(wire=Wire, environment=None):
            environment = environment or world.template.environment()
            return Function(server, world.credentials("function"), environment, world.management, wire)

        def one_event(function, account):
            """Milliseconds, and the calls by their actions."""
            before = len(function.wire.calls)
            began = time.perf_counter()
            assert function.failures(events.batch(events.create_account_result(account))) == []
            elapsed = (time.perf_counter() - began) * 1000
            return elapsed, Counter(call.action for call in function.wire.calls[before:])

        def delayed(account):
            """The same in a new process, which reads its configuration and its secrets."""
            function = start(DelayedWire)
            elapsed, _ = one_event(function, account)
            function.stop()
            return elapsed

        starts = [init() for _ in range(STARTS)]
        function = start()
        idle = function.memory("VmHWM")
        account = world.create_account()[0]
        results = []
        for state in ("fresh", "converged"):
            results.append((state, *one_event(function, account)))
        peak = function.memory("VmHWM")
        function.stop()
        slow = world.create_account()[0]
        delays = [(state, delayed(slow)) for state in ("fresh", "converged")]
        hostile_peak, hostile_input = hostile_peaks(world, start, account)[0]
    finally:
        server.stop()

    print(f"binary             {BINARY.stat().st_size / 1e6:8.2f} MB")
    print(f"zip                {zip_size() / 1e6:8.2f} MB")
    print(f"init, median of {STARTS} {statistics.median(starts):8.1f} ms  from exec to the first request for an invocation")
    print(f"init, slowest      {max(starts):8.1f} ms")
    print(f"memory after init  {idle / MIB:8.1f} MiB")
    print(f"memory, peak       {peak / MIB:8.1f} MiB  after a fresh and a converged account")
    print(f"memory, worst      {hostile_peak / MIB:8.1f} MiB  with hostile input: {hostile_input}")
    for state, elapsed, calls in results:
        actions = ", ".join(f"{count} {action}" for action, count in calls.items())
        print(f"{state:10} {elapsed:16.1f} ms  {sum(calls.values())} calls: {actions}")
    for state, elapsed in delays:
        print(f"{state:10} {elapsed:16.1f} ms  with a delay of {DELAY * 1000:.0f} ms for each call")


if __name__ == "__main__":
    main()
