"""Fault injection through the real SDK with its own retries: every call of a run fails once, in every way; some fail on
every attempt; the process crashes at every write. The report is always correct, and a re-run leads to the same end state."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import events
import iam_state
import pytest
import stack
from fault_proxy import FaultProxy, Point
from function import Function
from world import ACCESS_ROLE, IDENTITY, World

# The threads mostly wait, for the backoff of the SDK and of the engine.
CONCURRENCY = 24
DEPLOY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}]}
PARAMETER = "/account-onboarding/faults.toml"
EXTERNAL_ID = "/account-onboarding/trelica/external-id"
CONFIGURATION = f"""
[[access-role.grant]]
principal = "{IDENTITY}"

[vendors.trelica]
external-id = {{ ssm-parameter = "{EXTERNAL_ID}" }}

[[role]]
name = "app-deployer"
policies = {{ "deploy" = '''{json.dumps(DEPLOY)}''' }}

[[role.trust]]
principal = "{IDENTITY}"
"""

# Faults that the SDK retries automatically, and faults that only the engine handles.
RETRIED = ("throttled", "internal_failure", "unavailable", "reset_before", "reset_after", "closed_before", "closed_after", "cut")
NOT_RETRIED = ("slow", "malformed", "denied", "expired")
# The call takes effect, and its response is lost.
RESPONSE_LOST = ("reset_after", "closed_after", "cut", "hangs", "malformed")
# Calls that are not idempotent: they fail if they have already taken effect. If the response is lost, it is unknown who created the
# role, so that its earlier sessions are revoked.
NOT_IDEMPOTENT = ("iam:CreateRole",)

CONFIG = Point("ssm:GetParameter", PARAMETER, 1)
DESCRIBE = Point("organizations:DescribeAccount", "the caller", 1)
RECORD = Point("dynamodb:GetItem", "ACCOUNT", 1)
SECRET = Point("ssm:GetParameters", EXTERNAL_ID, 1)
LEASE = Point("dynamodb:UpdateItem", "ACCOUNT", 1)
# Before the trust policy of the access role is changed, what it was is recorded.
AHEAD = Point("dynamodb:UpdateItem", "ACCOUNT", 2)
SAVE = Point("dynamodb:UpdateItem", "ACCOUNT", 3)
ASSUME = Point("sts:AssumeRole", ACCESS_ROLE, 1)
READ_ROLE = Point("iam:GetRole", "TrelicaIntegration", 1)
UPDATE_TRUST = Point("iam:UpdateAssumeRolePolicy", ACCESS_ROLE, 1)
CREATE_ROLE = Point("iam:CreateRole", "app-deployer", 1)
PUT_POLICY = Point("iam:PutRolePolicy", "TrelicaIntegration/TrelicaIntegration", 1)
VERIFY_ROLE = Point("iam:GetRole", "app-deployer", 2)
LASTING_POINTS = (
    CONFIG,
    DESCRIBE,
    RECORD,
    SECRET,
    LEASE,
    ASSUME,
    READ_ROLE,
    AHEAD,
    UPDATE_TRUST,
    CREATE_ROLE,
    PUT_POLICY,
    VERIFY_ROLE,
    SAVE,
)


# The policy that revokes the earlier sessions of a role.
REVOCATION = "AWSRevokeOlderSessions"

# Seconds for a run that first waits until the lease of a killed run has expired.
LEASE_EXPIRY_AND_RUN = 90


@dataclass(frozen=True)
class Baseline:
    """The calls and the end state of a run without faults."""

    points: list
    state: dict

    def writes(self):
        return [point for point in self.points if point.writes]


class FunctionPool:
    """Starts functions, each behind its own fault proxy. Every fault has a new process, because a process keeps its configuration
    and its secrets for a minute and would not read them."""

    def __init__(self, world):
        self.world = world
        # Faults in notifications have their own tests (test_notifications.py).
        no_notifications = {"ONBOARDING_EVENT_BUS": ""}
        self.environment = world.template.environment() | world.configure("faults", CONFIGURATION) | no_notifications
        self.credentials = world.credentials()

    def start(self):
        server, management = self.world.server, self.world.management
        function = Function(server, self.credentials, self.environment, management, wire=FaultProxy)
        function.wire.process = function.process
        return function

    def state(self, account):
        iam = self.world.server.client("iam", account)
        return json.loads(json.dumps(iam_state.snapshot(iam)).replace(account, "ACCOUNT"))

    def each(self, work, items):
        """Runs `work(function, item)` for all items, each with a new function, and fails with the assertion errors of all of
        them. At most CONCURRENCY functions run at the same time."""

        def one(item):
            function = self.start()
            try:
                return work(function, item)
            except AssertionError as error:
                return f"{_named(item)}: {error}"
            finally:
                function.stop()

        with ThreadPoolExecutor(CONCURRENCY) as executor:
            errors = [line for line in executor.map(one, items) if line]
        assert not errors, "\n\n".join(errors)

    def assert_recovers(self, function, account, baseline, recorded=True):
        """A re-run without faults leads to the end state of the baseline, and another run makes no write. If the run with the
        fault could not record the roles that it created, the re-run revokes their earlier sessions."""
        function.wire.reset_faults()
        report = function.report({"account_id": account}, LEASE_EXPIRY_AND_RUN)
        assert report["outcome"] == "converged", report
        if function.wire.writes():
            function.wire.reset_faults()
            report = function.report({"account_id": account})
            assert report["outcome"] == "converged", report
        assert (function.wire.writes(), report["changes"]) == ([], [])
        state = self.state(account)
        assert (state if recorded else _without_revocations(state)) == baseline.state


def _without_revocations(state):
    for role in state["roles"].values():
        role["inline"].pop(REVOCATION, None)
    return state


def _named(item):
    return " ".join(map(str, item)) if isinstance(item, tuple) else str(item)


@pytest.fixture(scope="module")
def pool():
    """Uses its own organization, because these tests create many accounts and a sweep visits every account."""
    server = stack.ministack()
    pool = FunctionPool(World.deployed(server))
    yield pool
    server.stop()


@pytest.fixture(scope="module")
def baseline(pool):
    account, _ = pool.world.create_account()
    function = pool.start()
    report = function.report({"account_id": account})
    assert report["outcome"] == "converged", report
    points = function.wire.points()
    assert set(LASTING_POINTS) <= set(points)
    assert all(attempts == [1] for attempts in function.wire.attempts.values())
    function.stop()
    return Baseline(points, pool.state(account))


def assert_report_matches_calls(answer, calls):
    """Every write that took effect is reported, and no other write is reported as done."""
    made = {(call.name, call.parameters["RoleName"]) for call in calls if call.writes and call.status == 200}
    if answer.failed:
        assert made == set(), answer.text
        return
    changes = answer.body["changes"]
    done = {(change["call"], change["role"]) for change in changes if change["status"] == "done"}
    failed = {(change["call"], change["role"]) for change in changes if change["status"] == "failed"}
    assert done <= made, (made, changes)
    # A write whose response was lost is reported as failed if there was no time to read the account again.
    unknown = set() if answer.body["outcome"] == "converged" else failed
    assert made <= done | unknown, (made, changes)
    if answer.body["outcome"] == "converged":
        assert failed == set(), changes


def outcome_of(answer):
    """The outcome, with the code of its cause."""
    if answer.failed:
        return answer.body["errorType"]
    cause = answer.body.get("cause", {})
    return " ".join(filter(None, [answer.body["outcome"], cause.get("code")]))


def expected_after_one_fault(kind, point):
    """The outcome of a run in which one call fails once."""
    if kind in ("malformed", "denied", "expired") and point == CONFIG:
        return "Configuration"
    if (kind, point) == ("denied", DESCRIBE):
        return "blocked own_permission_missing"
    if (kind, point) == ("denied", SECRET):
        return "blocked configuration"
    return "converged"


def expected_after_lasting_fault(kind, point):
    """The outcome of a run in which one call fails on every attempt."""
    if point == CONFIG:
        return "Configuration"
    if point.writes and kind in RESPONSE_LOST:
        return "converged"  # every attempt took effect
    if point == SAVE or (kind == "denied" and point in (RECORD, LEASE, AHEAD)):
        return "converged"  # the account does not depend on the record
    if kind == "denied":
        expected = {
            DESCRIBE: "blocked own_permission_missing",
            SECRET: "blocked configuration",
            ASSUME: "waiting access_role_not_ready",
        }
        return expected.get(point, "waiting account_not_ready")
    if kind == "expired":
        return "waiting credentials_not_accepted"
    return "waiting throttled" if kind == "throttled" else "waiting service_unavailable"


@pytest.mark.parametrize("kind", RETRIED + NOT_RETRIED)
def test_one_fault_at_every_call(pool, baseline, kind):
    def work(function, point):
        account, _ = pool.world.create_account()
        function.wire.inject(kind, point)
        answer = function.invoke({"account_id": account}, seconds=30)

        attempts = function.wire.attempts
        assert len(function.wire.faulted_calls) == 1
        assert attempts[point] == ([1, 2] if kind in RETRIED else [1])
        assert outcome_of(answer) == expected_after_one_fault(kind, point), answer.text
        assert_report_matches_calls(answer, function.wire.calls)
        # Except where a retry fails because an earlier attempt took effect, the SDK recovers without the engine.
        if kind in (*RETRIED, "slow") and not (kind in RESPONSE_LOST and point.name in NOT_IDEMPOTENT):
            assert set(attempts) == set(baseline.points), "the SDK recovers without the engine"
        pool.assert_recovers(function, account, baseline, recorded=point.name not in NOT_IDEMPOTENT)

    pool.each(work, baseline.points)


def test_one_hanging_call_at_each_point(pool, baseline):
    def work(function, point):
        account, _ = pool.world.create_account()
        function.wire.inject("hangs", point)
        answer = function.invoke({"account_id": account}, seconds=40)
        assert function.wire.attempts[point] == [1, 2]
        assert outcome_of(answer) == "converged", answer.text
        assert_report_matches_calls(answer, function.wire.calls)
        pool.assert_recovers(function, account, baseline, recorded=point.name not in NOT_IDEMPOTENT)

    pool.each(work, LASTING_POINTS)


def test_lasting_fault_at_each_point(pool, baseline):
    kinds = ("throttled", "reset_before", "reset_after", "closed_before", "closed_after", "malformed", "denied", "expired")

    def work(function, fault):
        kind, point = fault
        account, _ = pool.world.create_account()
        function.wire.inject(kind, point, lasting=True)
        end = expected_after_lasting_fault(kind, point)
        seconds = 30 if end == "converged" else 20  # time for several attempts, also on a busy machine
        answer = function.invoke({"account_id": account}, seconds)

        recorded = function.wire.attempts.items()
        tries = [attempts for at, attempts in recorded if (at.name, at.resource) == (point.name, point.resource)]
        assert all(attempts == list(range(1, len(attempts) + 1)) for attempts in tries), tries
        assert max(map(len, tries)) == (3 if kind in RETRIED else 1), tries
        # The deadline can pass during the SDK's backoff, or while a new session is opened.
        during_backoff = kind in (*RETRIED, "expired") and end.startswith("waiting")
        assert outcome_of(answer) in ({end, "waiting timed_out"} if during_backoff else {end}), answer.text
        assert_report_matches_calls(answer, function.wire.calls)
        pool.assert_recovers(function, account, baseline, recorded=point.name not in NOT_IDEMPOTENT)

    pool.each(work, [(kind, point) for point in LASTING_POINTS for kind in kinds])


def test_lasting_hang_at_each_point(pool, baseline):
    seconds = 8  # the SDK's timeout for one attempt

    def work(function, point):
        account, _ = pool.world.create_account()
        function.wire.inject("hangs", point, lasting=True)
        answer = function.invoke({"account_id": account}, seconds)
        if point == CONFIG:
            assert (answer.failed, answer.body["errorType"]) == (True, "Configuration"), answer.text
        else:
            assert outcome_of(answer) == ("converged" if point == SAVE else "waiting timed_out"), answer.text
            assert_report_matches_calls(answer, function.wire.calls)
        pool.assert_recovers(function, account, baseline, recorded=False)

    pool.each(work, LASTING_POINTS)


def test_crash_at_every_write(pool, baseline):
    def work(_, crash):
        kind, point = crash
        account, _ = pool.world.create_account()
        first, second = pool.start(), pool.start()
        try:
            first.wire.inject(kind, point)
            first.api.deliver({"account_id": account}, 30)
            assert first.process.wait(20) == -signal.SIGKILL
            first.wire.wait()
            made = _made(first)
            assert ((point.name, point.resource) in made) == (kind == "crash_after")

            second.wire.reset_faults()
            assert second.report({"account_id": account}, LEASE_EXPIRY_AND_RUN)["outcome"] == "converged"
            finished = {write for write in _made(second) if not write[1].endswith(f"/{REVOCATION}")}
            assert made | finished == {(write.name, write.resource) for write in baseline.writes()}
            assert not made & finished, "completed writes are not repeated"
            pool.assert_recovers(second, account, baseline, recorded=False)
        finally:
            first.stop()
            second.stop()

    pool.each(work, [(kind, point) for point in baseline.writes() for kind in ("crash_before", "crash_after")])


def test_crash_in_the_middle_of_a_batch(pool, baseline):
    accounts = [pool.world.create_account()[0] for _ in range(5)]
    batch = events.batch(*map(events.create_account_result, accounts))
    first, second = pool.start(), pool.start()
    try:
        first.wire.inject("crash_after", Point(PUT_POLICY.name, PUT_POLICY.resource, 3))
        first.api.deliver(batch, 30)
        assert first.process.wait(20) == -signal.SIGKILL
        assert second.failures(batch, LEASE_EXPIRY_AND_RUN) == []
        for account in accounts:
            pool.assert_recovers(second, account, baseline, recorded=False)
    finally:
        first.stop()
        second.stop()


def test_one_fault_while_following_a_creation(pool, baseline):
    point = Point("organizations:DescribeCreateAccountStatus", "the caller", 1)

    def work(function, kind):
        account, request = pool.world.create_account()
        function.wire.inject(kind, point)
        answer = function.invoke(events.create_account(request), seconds=30)
        assert function.wire.attempts[point] == ([1, 2] if kind in RETRIED else [1])
        assert outcome_of(answer) == ("Blocked" if kind == "denied" else "converged"), answer.text
        assert_report_matches_calls(answer, function.wire.calls)
        pool.assert_recovers(function, account, baseline)

    pool.each(work, RETRIED + NOT_RETRIED)


def _made(function):
    """The writes that took effect, as (name, resource)."""
    calls = [call for call in function.wire.writes() if call.status == 200]
    return {(call.name, call.resource) for call in calls}
