"""`onboard plan` and `onboard apply` for many accounts that end at once, by a second Ctrl-C or by SIGKILL, and run again."""

import json
import signal
import subprocess
import time
from collections import Counter

import iam_state
import pytest
from fault_proxy import FaultProxy, Point
from holding_wire import HoldingWire
from own_organization import world  # noqa: F401, a fixture
from test_command_line import DONE, LITERAL, ONBOARD, WAITING, CommandLine
from test_faults import REVOCATION
from wire import Wire
from world import ACCESS_ROLE, IDENTITY, root

COUNT = 5
# The inline policies of the vendors' roles.
POLICIES = {"TrelicaIntegration": "TrelicaIntegration", "Workload_Security_Role_Cross": "Workload_Security_Policy_Cross"}
SECONDS = 60


@pytest.fixture
def accounts(world):
    """In the order in which they are processed."""
    return sorted(world.create_account(f"stopped-{index}")[0] for index in range(COUNT))


class Commands(CommandLine):
    """Runs commands one after the other, each through a wire of its own."""

    def through(self, wire):
        self.wire.close()
        self.wire = wire
        self.options["env"]["AWS_ENDPOINT_URL"] = wire.url

    def start(self, *words):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # A process group of its own, which a fault kills.
        return subprocess.Popen([ONBOARD, *words], **{**self.options, **pipes}, start_new_session=True)

    def ended(self, *words):
        """The output, the messages and the exit code of a command."""
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        return out.decode(), err.decode(), process.returncode

    def interrupted_twice(self, *words, held):
        """The same of a command during which Ctrl-C is pressed twice, while AWS has answered `held` of the calls that are kept back."""
        process, printed = self.start(*words), b""
        try:
            self.wire.wait(held)
            process.send_signal(signal.SIGINT)
            while b"Interrupted: " not in printed and (line := process.stderr.readline()):
                printed += line
            # The process listens for the second one a moment after it has printed that.
            deadline = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < deadline:
                process.send_signal(signal.SIGINT)
                time.sleep(0.1)
            assert process.returncode is not None, "it still waits for the calls that are kept back"
            out, err = process.stdout.read().decode(), (printed + process.stderr.read()).decode()
        finally:
            process.kill()
            self.wire.released.set()
        return out, " ".join(err.split()), process.returncode


@pytest.fixture
def onboard(world, tmp_path):
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    onboard = Commands(world, tmp_path)
    yield onboard
    onboard.wire.close()


def done(world, account):
    """The changes that an account has got: its access grant, its roles and their policies."""
    iam = world.iam_in(account)
    roles = iam_state.snapshot(iam)["roles"]
    parts = {"grant"} if root(IDENTITY) in json.dumps(roles[ACCESS_ROLE]["trust"]) else set()
    parts |= {role for role in POLICIES if role in roles}
    return parts | {f"{role}/{policy}" for role, policy in POLICIES.items() if policy in roles.get(role, {}).get("inline", {})}


ALL = {"grant", *POLICIES, *(f"{role}/{policy}" for role, policy in POLICIES.items())}


def assert_made_once(accounts, *wires):
    """No write has failed, and each was made once in each account. A run that does not know whether the run before it has created
    a role also revokes the sessions of that role."""
    writes = [call for wire in wires for call in wire.writes()]
    assert {call.status for call in writes} == {200}
    made = Counter((call.name, call.resource) for call in writes if not call.resource.endswith(f"/{REVOCATION}"))
    assert len(made) >= len(ALL) and set(made.values()) == {len(accounts)}, made


@pytest.mark.parametrize("records", [False, True])
def test_apply_that_is_killed_is_continued_by_the_same_command(world, onboard, accounts, records):
    options = ["--records", world.template.table()["TableName"]] if records else []
    words = ["apply", "--all", "--yes", "--concurrency", "1", "--wait", "0", "--format", "json", *options]
    # The process is killed when IAM has created a role of the third account, and before it gets the answer.
    killed = FaultProxy(world.server.port)
    onboard.through(killed)
    killed.inject("crash_after", Point("iam:CreateRole", "TrelicaIntegration", 3))
    killed.process = process = onboard.start(*words)
    try:
        assert process.wait(SECONDS) == -signal.SIGKILL
    finally:
        process.kill()
    killed.wait()
    first, second, half_done, *others = accounts
    found = {account: done(world, account) for account in accounts}
    assert [found[account] for account in (first, second, *others)] == [ALL, ALL, *[set()] * len(others)]
    assert "TrelicaIntegration" in found[half_done] and found[half_done] < ALL, found[half_done]

    wires = [killed]
    if records:
        # The lease of the killed process is respected until it expires, and keeps back no other account.
        assert [account for account in accounts if "lease_owner" in world.record(account)] == [half_done]
        onboard.through(Wire(world.server.port))
        out, err, code = onboard.ended(*words)
        reports = [json.loads(line) for line in out.splitlines()]
        waiting = {report["account_id"]: report["cause"]["code"] for report in reports if report.get("outcome") == "waiting"}
        assert (code, waiting) == (WAITING, {half_done: "lease_held"}), out + err
        assert done(world, half_done) == found[half_done]
        world.put_lease(half_done, world.record(half_done)["lease_owner"], time.time() - 1)
        wires.append(onboard.wire)
    onboard.through(Wire(world.server.port))
    out, err, code = onboard.ended(*words)
    assert code == DONE, out + err
    assert [done(world, account) for account in accounts] == [ALL] * COUNT
    assert_made_once(accounts, *wires, onboard.wire)
    assert not [account for account in accounts if "lease_owner" in world.record(account)]
    out, err, code = onboard.ended(*words)
    assert (code, json.loads(out.splitlines()[-1])["summary"]["converged"] >= COUNT) == (DONE, True), out + err
    assert_made_once(accounts, *wires, onboard.wire)


def named(accounts):
    return [f"--account={account}" for account in accounts]


def test_second_ctrl_c_stops_an_apply_at_once(world, onboard, accounts):
    words = ["apply", *named(accounts), "--yes", "--concurrency", "2", "--wait", "0"]
    held = HoldingWire(world.server.port, "iam:CreateRole")
    onboard.through(held)
    out, err, code = onboard.interrupted_twice(*words, held=2)
    assert code == WAITING, out + err
    assert "press Ctrl-C again to stop at once" in err
    stopped = f"stopped: {COUNT} accounts were not finished or not started; a change that was sent may have been made."
    assert f"warning: {stopped} Run the same command to continue" in err, err
    found = [done(world, account) for account in accounts]
    # Two accounts at a time, each of which creates its roles at the same time: both calls can be those of one.
    assert any(found) and all(parts < ALL for parts in found) and sum(map(bool, found)) <= 2, found

    onboard.through(Wire(world.server.port))
    out, err, code = onboard.ended(*words)
    assert code == DONE, out + err
    assert [done(world, account) for account in accounts] == [ALL] * COUNT
    assert_made_once(accounts, held, onboard.wire)


def test_second_ctrl_c_stops_a_plan_at_once(world, onboard, accounts, tmp_path):
    words = ["plan", *named(accounts), "--wait", "0", "--out", "plan.json"]
    onboard.through(HoldingWire(world.server.port, "iam:GetRole"))
    out, err, code = onboard.interrupted_twice(*words, held=COUNT)
    assert code == WAITING, out + err
    assert "press Ctrl-C again to stop at once" in err
    not_read = f"interrupted: {COUNT} accounts were not read; the plan is not saved. Run the same command to read all of them"
    assert f"warning: {not_read}" in err, err
    assert not (tmp_path / "plan.json").exists()
    assert [done(world, account) for account in accounts] == [set()] * COUNT
