"""Every call of an onboarding goes wrong once, in every way, through the SDK's own retries; some go wrong for ever; the
process dies at every write. Whatever happened is told, and running again leads to the very same account."""

import json
import queue
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import events
import iam_state
import pytest
import stack
from fault_proxy import FaultProxy, Point
from function import Function
from world import ACCESS_ROLE, IDENTITY, World

# The threads mostly wait: for the SDK's pauses, and for the engine's.
SIDE_BY_SIDE = 24
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

# What the SDK tries again by itself, and what it leaves to us.
RETRIED = ("throttled", "internal_failure", "unavailable", "reset_before", "reset_after", "cut")
NOT_RETRIED = ("slow", "malformed", "denied", "expired")
# The call is made, and we do not hear of it.
ANSWER_LOST = ("reset_after", "cut", "hangs", "malformed")
# The call fails where it was made before.
MADE_ONCE = ("iam:CreateRole", "ssm:PutParameter")

CONFIG = Point("ssm:GetParameter", PARAMETER, 1)
DESCRIBE = Point("organizations:DescribeAccount", "the caller", 1)
SECRET = Point("ssm:GetParameter", EXTERNAL_ID, 1)
ENTER = Point("sts:AssumeRole", ACCESS_ROLE, 1)
LOOK = Point("iam:GetRole", "TrelicaIntegration", 1)
GRANT = Point("iam:UpdateAssumeRolePolicy", ACCESS_ROLE, 1)
CREATE = Point("iam:CreateRole", "app-deployer", 1)
PUT = Point("iam:PutRolePolicy", "TrelicaIntegration/TrelicaIntegration", 1)
LOOK_AGAIN = Point("iam:GetRole", "app-deployer", 2)
LASTING = (CONFIG, DESCRIBE, SECRET, ENTER, LOOK, GRANT, CREATE, PUT, LOOK_AGAIN)


# Time for a run, after the claim of one that was killed has run out.
AFTER_A_CLAIM = 90


@dataclass(frozen=True)
class Sound:
    """A run in which nothing went wrong."""

    points: list
    state: dict

    def writes(self):
        return [point for point in self.points if point.writes]


class Crew:
    """Functions that work side by side, each behind a proxy of its own."""

    def __init__(self, world):
        self.world = world
        # What is told has faults of its own (test_telling.py).
        silent = {"ONBOARDING_EVENT_BUS": ""}
        self.environment = world.template.environment() | world.configure("faults", CONFIGURATION) | silent
        self.credentials = world.credentials()
        self.idle = queue.SimpleQueue()
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            self.functions = list(pool.map(lambda _: self.start(), range(SIDE_BY_SIDE)))
        for function in self.functions:
            self.idle.put(function)

    def start(self):
        server, management = self.world.server, self.world.management
        function = Function(server, self.credentials, self.environment, management, wire=FaultProxy)
        function.wire.process = function.process
        return function

    def stop(self):
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(Function.stop, self.functions))

    def state(self, account):
        iam = self.world.server.client("iam", account)
        return json.loads(json.dumps(iam_state.of(iam)).replace(account, "ACCOUNT"))

    def each(self, work, items):
        """Runs `work(function, item)` for all items, and tells all that was wrong, each by its item."""

        def one(item):
            function = self.idle.get()
            try:
                return work(function, item)
            except AssertionError as wrong:
                return f"{_named(item)}: {wrong}"
            finally:
                self.idle.put(function)

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            wrong = [line for line in pool.map(one, items) if line]
        assert not wrong, "\n\n".join(wrong)

    def recovers(self, function, account, sound):
        """Another run without faults makes the account what it would have been, and one more makes no write."""
        function.wire.heal()
        report = function.report({"account_id": account}, AFTER_A_CLAIM)
        assert report["outcome"] == "converged", report
        if function.wire.writes():
            function.wire.heal()
            report = function.report({"account_id": account})
            assert report["outcome"] == "converged", report
        assert (function.wire.writes(), report["changes"]) == ([], [])
        assert self.state(account) == sound.state


def _named(item):
    return " ".join(map(str, item)) if isinstance(item, tuple) else str(item)


@pytest.fixture(scope="module")
def crew():
    """In an organization of their own: their accounts are many, and a sweep visits every one."""
    server = stack.ministack()
    crew = Crew(World.deployed(server))
    yield crew
    crew.stop()
    server.stop()


@pytest.fixture(scope="module")
def sound(crew):
    account, _ = crew.world.create_account()
    function = crew.functions[0]
    function.wire.heal()
    report = function.report({"account_id": account})
    assert report["outcome"] == "converged", report
    points = function.wire.points()
    assert set(LASTING) <= set(points)
    assert all(attempts == [1] for attempts in function.wire.attempts.values())
    return Sound(points, crew.state(account))


def tells(answer, calls):
    """Every write that AWS made is told, and none is told as done that was not made."""
    made = {(call.name, call.parameters["RoleName"]) for call in calls if call.writes and call.status == 200}
    if answer.failed:
        assert made == set(), answer.text
        return
    changes = answer.body["changes"]
    done = {(change["call"], change["role"]) for change in changes if change["status"] == "done"}
    failed = {(change["call"], change["role"]) for change in changes if change["status"] == "failed"}
    assert done <= made, (made, changes)
    # Of a write whose answer was lost no more may be known, where there was no time to look again.
    unknown = set() if answer.body["outcome"] == "converged" else failed
    assert made <= done | unknown, (made, changes)
    if answer.body["outcome"] == "converged":
        assert failed == set(), changes


def ends(answer):
    """The outcome in a word, with the code of its cause."""
    if answer.failed:
        return answer.body["errorType"]
    cause = answer.body.get("cause", {})
    return " ".join(filter(None, [answer.body["outcome"], cause.get("code")]))


def after_one(kind, point):
    """How a run ends in which one call went wrong once."""
    if kind in ("malformed", "denied", "expired") and point == CONFIG:
        return "Configuration"
    if (kind, point) == ("denied", DESCRIBE):
        return "blocked own_permission_missing"
    if (kind, point) == ("denied", SECRET):
        return "blocked configuration"
    return "converged"


def after_all(kind, point):
    """How a run ends in which the same call went wrong to its end."""
    if point == CONFIG:
        return "Configuration"
    if point.writes and kind in ANSWER_LOST:
        return "converged"  # it was made every time
    if kind == "denied":
        told = {
            DESCRIBE: "blocked own_permission_missing",
            SECRET: "blocked configuration",
            ENTER: "waiting access_role_not_ready",
        }
        return told.get(point, "waiting account_not_ready")
    if kind == "expired":
        return "waiting credentials_not_accepted"
    return "waiting throttled" if kind == "throttled" else "waiting service_unavailable"


@pytest.mark.parametrize("kind", RETRIED + NOT_RETRIED)
def test_one_fault_at_every_call(crew, sound, kind):
    def work(function, point):
        account, _ = crew.world.create_account()
        function.wire.harm(kind, point)
        answer = function.invoke({"account_id": account}, seconds=30)

        attempts = function.wire.attempts
        assert len(function.wire.struck) == 1
        assert attempts[point] == ([1, 2] if kind in RETRIED else [1])
        assert ends(answer) == after_one(kind, point), answer.text
        tells(answer, function.wire.calls)
        # What an earlier attempt made is there for the next: that alone takes more than the SDK.
        if kind in (*RETRIED, "slow") and not (kind in ANSWER_LOST and point.name in MADE_ONCE):
            assert set(attempts) == set(sound.points), "the SDK alone got over it"
        crew.recovers(function, account, sound)

    crew.each(work, sound.points)


def test_one_call_hangs(crew, sound):
    def work(function, point):
        account, _ = crew.world.create_account()
        function.wire.harm("hangs", point)
        answer = function.invoke({"account_id": account}, seconds=40)
        assert function.wire.attempts[point] == [1, 2]
        assert ends(answer) == "converged", answer.text
        tells(answer, function.wire.calls)
        crew.recovers(function, account, sound)

    crew.each(work, LASTING)


def test_a_call_goes_wrong_to_the_end(crew, sound):
    kinds = ("throttled", "reset_before", "reset_after", "malformed", "denied", "expired")

    def work(function, fault):
        kind, point = fault
        account, _ = crew.world.create_account()
        function.wire.harm(kind, point, lasting=True)
        end = after_all(kind, point)
        seconds = 30 if end == "converged" else 8  # time to look again, or to be over soon
        began = time.monotonic()
        answer = function.invoke({"account_id": account}, seconds)
        assert time.monotonic() - began < seconds, "not in time"

        tries = [attempts for at, attempts in function.wire.attempts.items() if (at.name, at.of) == (point.name, point.of)]
        assert all(attempts == list(range(1, len(attempts) + 1)) for attempts in tries), tries
        assert max(map(len, tries)) == (3 if kind in RETRIED else 1), tries
        # Time may be over in the middle of the SDK's pauses, or while the account is entered anew.
        in_a_pause = kind in (*RETRIED, "expired") and end.startswith("waiting")
        assert ends(answer) in ({end, "waiting timed_out"} if in_a_pause else {end}), answer.text
        tells(answer, function.wire.calls)
        crew.recovers(function, account, sound)

    crew.each(work, [(kind, point) for point in LASTING for kind in kinds])


def test_a_call_hangs_to_the_end(crew, sound):
    seconds = 8  # as long as the SDK waits for one attempt

    def work(function, point):
        account, _ = crew.world.create_account()
        function.wire.harm("hangs", point, lasting=True)
        began = time.monotonic()
        answer = function.invoke({"account_id": account}, seconds)
        assert time.monotonic() - began < seconds, "not in time"
        if point == CONFIG:
            assert (answer.failed, answer.body["errorType"]) == (True, "Configuration"), answer.text
        else:
            assert ends(answer) == "waiting timed_out", answer.text
            tells(answer, function.wire.calls)
        crew.recovers(function, account, sound)

    crew.each(work, LASTING)


def test_a_crash_at_every_write(crew, sound):
    def work(_, crash):
        kind, point = crash
        account, _ = crew.world.create_account()
        first, second = crew.start(), crew.start()
        try:
            first.wire.harm(kind, point)
            first.api.hand_over({"account_id": account}, 30)
            assert first.process.wait(20) == -signal.SIGKILL
            first.wire.wait()
            made = _made(first)
            assert ((point.name, point.of) in made) == (kind == "crash_after")

            second.wire.heal()
            assert second.report({"account_id": account}, AFTER_A_CLAIM)["outcome"] == "converged"
            assert made | _made(second) == {(write.name, write.of) for write in sound.writes()}
            assert not made & _made(second), "what was made is not made again"
            crew.recovers(second, account, sound)
        finally:
            first.stop()
            second.stop()

    crew.each(work, [(kind, point) for point in sound.writes() for kind in ("crash_before", "crash_after")])


def test_a_crash_in_the_middle_of_a_batch(crew, sound):
    accounts = [crew.world.create_account()[0] for _ in range(5)]
    batch = events.batch(*map(events.create_account_result, accounts))
    first, second = crew.start(), crew.start()
    try:
        first.wire.harm("crash_after", Point(PUT.name, PUT.of, 3))
        first.api.hand_over(batch, 30)
        assert first.process.wait(20) == -signal.SIGKILL
        assert second.failures(batch, AFTER_A_CLAIM) == []
        for account in accounts:
            crew.recovers(second, account, sound)
    finally:
        first.stop()
        second.stop()


def test_one_fault_while_a_creation_is_followed(crew, sound):
    point = Point("organizations:DescribeCreateAccountStatus", "the caller", 1)

    def work(function, kind):
        account, request = crew.world.create_account()
        function.wire.harm(kind, point)
        answer = function.invoke(events.create_account(request), seconds=30)
        assert function.wire.attempts[point] == ([1, 2] if kind in RETRIED else [1])
        assert ends(answer) == ("Blocked" if kind == "denied" else "converged"), answer.text
        tells(answer, function.wire.calls)
        crew.recovers(function, account, sound)

    crew.each(work, RETRIED + NOT_RETRIED)


def _made(function):
    """The writes that AWS made, as points name them."""
    calls = [call for call in function.wire.writes() if call.status == 200]
    return {(call.name, call.of) for call in calls}
