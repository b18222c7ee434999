"""Measures a sweep as it is deployed: the real `bootstrap` in five processes, on one SQS queue. It only prints the figures.

    cargo build --release --bin bootstrap
    bash .ci/run e2e                                   # creates .venv/e2e
    .venv/e2e/bin/python benches/deployed.py                        # 100 and 1,000 accounts: four minutes
    .venv/e2e/bin/python benches/deployed.py --fair-queue 1000
    .venv/e2e/bin/python benches/deployed.py --seconds 7200 10000   # about an hour

BOOTSTRAP is the binary, by default target/release/bootstrap. Each number of accounts has an organization of its own in the emulator
(ministack), with the stack's role, configuration (two vendors), queues and table. It is swept twice, each time by new processes:
the first sweep onboards the accounts, the second finds them converged. A sweep starts with the message of the schedule, and ends with
its last message. In the middle of the second sweep, an account is created, and its event is sent without a group of messages, as
EventBridge sends it. What that event costs is not part of the sweep's figures.

Each process takes one message at a time, as the event source mapping of the stack delivers them (BatchSize 1, MaximumConcurrency 5).
Between a process and the emulator is a proxy, which counts the calls, throttles those beyond the quotas of AWS, and holds each
answer back until 40 ms after its request. Memory is the peak of the resident memory (VmHWM), the least and the most of the five
processes. CPU is the time of all five on a processor.

What limits it: the emulator is one Python process, and the proxies are threads of another one. On two cores they answer about 280
calls in a second, so that at most 25 converged accounts in a second are possible, where the quota of ListAccounts allows 160.
The time of a large sweep is then that of the emulator: half of the answers take much longer than 40 ms. That is counted and
printed, so that no one takes it for the function's time, which benches/scale.rs measures in simulated time. Calls, throttled
calls, memory and CPU are the function's own.

ministack ignores the groups of messages, so that the event of the new account is delivered after the whole backlog of the sweep.
With `--fair-queue`, messages are delivered in the order that SQS documents for fair queues, see tests/e2e/extended_ministack.py.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
os.environ.setdefault("BOOTSTRAP", str(ROOT / "target/release/bootstrap"))
sys.path.insert(0, str(ROOT / "tests/e2e"))

import events  # noqa: E402
import function  # noqa: E402
import inbox  # noqa: E402
import stack  # noqa: E402
from fault_proxy import KINDS  # noqa: E402
from wire import Wire  # noqa: E402
from world import World  # noqa: E402

SIZES = [100, 1000]
LATENCY = 0.04
MIB = 1 << 20
# The same as crates/simulation/src/api_quotas.rs: calls per second, and at once.
QUOTAS = {
    "organizations:ListAccounts": (8, 12),
    "organizations:DescribeAccount": (20, 30),
    "sts:AssumeRole": (600, 600),
    "ssm:GetParameters": (40, 40),
    "events:PutEvents": (400, 400),
}
THROTTLED = "throttled"


class Interrupts:
    """Ctrl-C and SIGTERM end the benchmark with a KeyboardInterrupt. Not while a process is started, which would not be stopped."""

    def __init__(self):
        self.deferring, self.came = False, False
        self._handle(self._came)

    @contextmanager
    def deferred(self):
        self.deferring = True
        try:
            yield
        finally:
            self.deferring = False
        if self.came:
            self._came()

    def _came(self, *_):
        self.came = True
        if not self.deferring:
            self._handle(signal.SIG_IGN)  # the processes are being stopped
            raise KeyboardInterrupt

    @staticmethod
    def _handle(handler):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, handler)


class Quotas:
    """The token buckets of AWS, which all processes share."""

    def __init__(self):
        self.lock = threading.Lock()
        self.buckets = {name: (burst, time.monotonic()) for name, (_, burst) in QUOTAS.items()}

    def take(self, name):
        """Whether a call is within its quota."""
        if name not in QUOTAS:
            return True
        rate, burst = QUOTAS[name]
        with self.lock:
            left, at = self.buckets[name]
            now = time.monotonic()
            left = min(burst, left + (now - at) * rate)
            self.buckets[name] = (left - 1 if left >= 1 else left, now)
            return left >= 1


class DelayedWire(Wire):
    """Answers a call no sooner than LATENCY after it came. `took` are the times that the emulator and this proxy took."""

    def __init__(self, upstream_port, quotas):
        self.quotas, self.took = quotas, []
        super().__init__(upstream_port)

    def handle(self, handler, call, body):
        came = time.perf_counter()
        if not self.quotas.take(call.name):
            self.calls.append(replace(call, status=THROTTLED))
            time.sleep(LATENCY)
            return KINDS["throttled"](self, handler, call, body)
        answer = self.forward(handler, call, body)
        took = time.perf_counter() - came
        self.took.append(took)
        time.sleep(max(0, LATENCY - took))
        handler.send(answer.status, answer.body, answer.headers)


@dataclass(frozen=True)
class Handled:
    """A message that a process handled: from when to when, whether it was deleted, its calls, and seconds of the processor."""

    body: dict
    began: float
    ended: float
    deleted: bool
    calls: list
    cpu: float

    @property
    def accounts(self):
        return len(self.body.get("sweep", {}).get("accounts", []))


class Sweep:
    """A sweep with new processes and queues of its own: the event source mapping, and what it handled."""

    def __init__(self, world, name, interrupts, exits):
        self.world, self.interrupts, self.exits = world, interrupts, exits
        self.queues = inbox.Queues(world, name)
        self.quotas = Quotas()
        self.handled, self.error = [], None
        self.done = threading.Event()
        self.processes = []
        self.seconds = world.template.resources["Onboard"]["Properties"]["Timeout"]
        inbox.polled(self._start, world, self.queues, name)

    def _start(self, world, environment, role, wire):
        for _ in range(int(environment["ONBOARDING_CONCURRENCY"])):
            credentials, quotas = world.credentials(role), self.quotas
            with self.interrupts.deferred():
                process = function.Function(
                    world.server, credentials, environment, world.management, lambda port: DelayedWire(port, quotas)
                )
                self.exits.callback(process.stop)
            self.processes.append(process)

    def run(self, limit, in_the_middle=None):
        """Sweeps; returns the figures. Of `in_the_middle` accounts, the first half is handled before a new one is created."""
        pollers = [threading.Thread(target=self._poll, args=(process,), daemon=True) for process in self.processes]
        first = last = Load.now(self.world.server.process)
        began = time.perf_counter()
        self.queues.put({"sweep": {}})
        for poller in pollers:
            poller.start()
        created, known = None, 0
        while not self.done.wait(0.05):
            if self.error:
                raise self.error
            if time.perf_counter() - began > limit:
                raise TimeoutError(f"the sweep takes longer than {limit} s: see --seconds")
            if len(self.handled) > known:  # the time after the last message does not count
                known, last = len(self.handled), Load.now(self.world.server.process)
            if in_the_middle and not created and sum(one.accounts for one in self.handled) >= in_the_middle / 2:
                created = self._create()
        for poller in pollers:
            poller.join(5)
        return Figures(self, began, last.since(first), created)

    def _create(self):
        """Creates an account and sends its event, which EventBridge does without a group. Returns the ID, and when."""
        account, _ = self.world.create_account("created-meanwhile")
        sent = time.perf_counter()
        self.queues.put(events.create_account_result(account))
        return account, sent

    def _poll(self, process):
        try:
            while not self.done.is_set():
                messages = self.queues.receive(self.queues.inbox, most=1, WaitTimeSeconds=1)
                if not messages and self.handled and self.queues.is_empty(self.queues.inbox):
                    self.done.set()
                for message in messages:
                    self._handle(process, message)
        except Exception as error:  # noqa: BLE001, raised by `run`
            self.error = error

    def _handle(self, process, message):
        calls, cpu, began = len(process.wire.calls), on_cpu(process.process), time.perf_counter()
        deleted = self.queues.deliver(process, message, self.seconds)
        ended, cpu = time.perf_counter(), on_cpu(process.process) - cpu
        self.handled.append(
            Handled(json.loads(message["Body"]), began, ended, deleted, process.wire.calls[calls:], cpu)
        )


class Figures:
    """What a sweep took. The new account's event is not part of it."""

    def __init__(self, sweep, began, load, created):
        of_sweep = [one for one in sweep.handled if "sweep" in one.body]
        self.accounts = sum(one.accounts for one in of_sweep)
        self.messages = len(of_sweep)
        self.kept = sum(not one.deleted for one in sweep.handled)
        self.seconds = max(one.ended for one in of_sweep) - began
        self.calls = Counter(call.name for one in of_sweep for call in one.calls)
        self.throttled = sum(call.status == THROTTLED for one in of_sweep for call in one.calls)
        self.cpu = sum(one.cpu for one in of_sweep)
        self.peaks = sorted(process.memory("VmHWM") for process in sweep.processes)
        self.took = sorted(took for process in sweep.processes for took in process.wire.took)
        self.late = sum(took > LATENCY for took in self.took) / len(self.took)
        self.load = load
        self.event = None
        if created:
            account, sent = created
            (event,) = (one for one in sweep.handled if account in json.dumps(one.body) and "detail" in one.body)
            later = sum(1 for one in of_sweep if sent < one.began < event.began)
            self.event = (event.began - sent, event.ended - sent, later, sum(1 for one in of_sweep if one.began > event.began))

    def row(self, name):
        return (
            f"| {name} | {self.accounts} | {self.seconds:.1f} s | {sum(self.calls.values()) / self.accounts:.1f} "
            f"| {self.throttled} | {self.peaks[0] / MIB:.1f} to {self.peaks[-1] / MIB:.1f} MiB | {self.cpu * 1000 / self.accounts:.2f} ms "
            f"| {self.late:.0%} |"
        )

    def verdict(self):
        """Whose the time is."""
        load = (
            f"The emulator used a processor for {self.load.emulator:.0%} of the time and waited for one for "
            f"{self.load.waiting:.0%}; the proxies used one for {self.load.proxies:.0%}. Half of the answers took them more than "
            f"{statistics.median(self.took) * 1000:.0f} ms."
        )
        whose = "NOT the function's, but that of the emulator" if self.late > 0.05 else "the function's"
        return f"The time is {whose}: {self.late:.0%} of the answers came later than {LATENCY * 1000:.0f} ms. {load}"


@dataclass(frozen=True)
class Load:
    """Seconds, or shares of the time, in which the emulator used a processor, it waited for one, and the proxies used one."""

    time: float
    emulator: float
    waiting: float
    proxies: float

    @classmethod
    def now(cls, timeout):
        # The emulator's main thread handles all calls. Other processes of the machine can keep it waiting.
        used, waited, _ = Path(f"/proc/{child(timeout)}/schedstat").read_text().split()
        return cls(time.perf_counter(), int(used) / 1e9, int(waited) / 1e9, time.process_time())

    def since(self, first):
        took = self.time - first.time
        shares = [(getattr(self, name) - getattr(first, name)) / took for name in ("emulator", "waiting", "proxies")]
        return Load(took, *shares)


def child(timeout):
    """The process that a `timeout` command runs."""
    return Path(f"/proc/{timeout.pid}/task/{timeout.pid}/children").read_text().split()[0]


def on_cpu(timeout):
    """Seconds for which all threads of the child used a processor."""
    user, system = Path(f"/proc/{child(timeout)}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(size, fair, limit, interrupts):
    with ExitStack() as exits:
        with interrupts.deferred():
            server = stack.ministack(**({"FAIR_QUEUES": "1"} if fair else {}))
            exits.callback(server.stop)
        world = World.deployed(server)
        accounts = []
        for index in range(size):
            accounts.append(world.create_account(f"member-{index:05}")[0])
            server.clients.clear()  # a client for each account would take a megabyte
        for name, in_the_middle in (("onboards", None), ("converged", size)):
            with ExitStack() as processes:
                sweep = Sweep(world, f"{name}-{size}", interrupts, processes)
                processes.callback(sweep.done.set)
                figures = sweep.run(limit, in_the_middle)
            others = [account for account in accounts if world.record(account).get("outcome") != "converged"]
            if others or figures.kept or not sweep.queues.is_empty(sweep.queues.dead_letters):
                retried = f"{figures.kept} messages are retried, or there are dead letters"
                raise RuntimeError(f"{len(others)} accounts are not converged; {retried}")
            yield name, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("accounts", nargs="*", type=int, default=SIZES)
    parser.add_argument("--fair-queue", action="store_true", help="order the messages as SQS documents for a fair queue")
    parser.add_argument("--seconds", type=int, default=1800, help="the longest time of one sweep")
    arguments = parser.parse_args()
    interrupts = Interrupts()
    stack.MAX_LIFETIME_SECONDS = str(4 * arguments.seconds)
    function.MAX_LIFETIME_SECONDS = str(2 * arguments.seconds)

    print("| Sweep | Accounts | Time | Calls per account | Throttled | Memory | CPU per account | Late answers |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    measured = []
    for size in arguments.accounts:
        for name, figures in measure(size, arguments.fair_queue, arguments.seconds, interrupts):
            print(figures.row(name), flush=True)
            measured.append((name, figures))
    queue = "ministack's, which ignores the groups of messages"
    if arguments.fair_queue:
        queue = "a fair queue as tests/e2e/extended_ministack.py models it"
    for name, figures in measured:
        print(f"\n{name}, {figures.accounts} accounts in {figures.messages} messages. {figures.verdict()}")
        for call, count in sorted(figures.calls.items()):
            print(f"{count:>8} {call}, {count / figures.accounts:.2f} per account")
        if figures.event:
            begun, onboarded, overtaken_by, overtook = figures.event
            print(f"The event of the new account was begun after {begun:.2f} s, and the account onboarded after {onboarded:.2f} s.")
            print(f"The queue is {queue}: {overtaken_by} messages of the sweep were begun meanwhile, {overtook} later.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
