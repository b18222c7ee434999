"""Concurrent events for one account, each in a process of its own as in Lambda, make the writes of a single run."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import events
import iam_state
import pytest


@pytest.fixture
def leases(world):
    """The leases that are stored in SSM."""
    return Leases(world.server.client("ssm", world.management))


class Leases:
    prefix = "/account-onboarding/leases/"

    def __init__(self, ssm):
        self.ssm = ssm

    def active(self):
        """The accounts with a lease that is neither expired nor released."""
        found = self.ssm.get_parameters_by_path(Path=self.prefix)["Parameters"]
        held = [parameter for parameter in found if json.loads(parameter["Value"])["until"] > time.time()]
        return [parameter["Name"].removeprefix(self.prefix) for parameter in held]

    def put(self, account, seconds):
        value = json.dumps({"by": "another", "until": time.time() + seconds})
        self.ssm.put_parameter(Name=self.prefix + account, Value=value, Type="String", Overwrite=True)


def test_concurrent_sources_make_the_writes_of_one_run(start, world, account, leases, iam):
    reference, _ = world.create_account()
    single = start(world)
    assert single.failures(events.batch(events.create_account_result(reference))) == []
    expected = sorted((call.name, call.resource) for call in single.wire.writes())

    sources = [
        events.create_account_result(account),
        events.sample(account, "account-joined-created"),
        events.sample(account, "control-tower-create-managed-account"),
        events.create_account_result(account),
    ]
    functions = [start(world) for _ in sources]
    with ThreadPoolExecutor(len(sources)) as pool:
        failures = list(pool.map(lambda pair: pair[0].failures(events.batch(pair[1])), zip(functions, sources)))

    assert failures == [[]] * len(sources)
    made = [call for function in functions for call in function.wire.writes()]
    assert sorted((call.name, call.resource) for call in made) == expected
    assert account not in leases.active()
    assert set(iam_state.snapshot(iam)["roles"]) == set(iam_state.snapshot(world.server.client("iam", reference))["roles"])


def test_second_run_waits_for_the_lease_and_then_converges(start, world, account, leases):
    leases.put(account, 600)
    function = start(world)
    answer = function.report({"account_id": account}, seconds=8)
    assert (answer["outcome"], answer["cause"]["code"]) == ("waiting", "lease_held")
    assert (answer["changes"], function.wire.writes()) == ([], [])

    leases.put(account, -1)
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert account not in leases.active()


def test_expired_lease_is_taken_over_by_one_run(start, world, account, leases):
    leases.put(account, -1)
    functions = [start(world) for _ in range(3)]
    with ThreadPoolExecutor(len(functions)) as pool:
        reports = list(pool.map(lambda function: function.report({"account_id": account}, 60), functions))
    assert [report["outcome"] for report in reports] == ["converged"] * len(functions)
    assert sum(1 for report in reports if report["changes"]) == 1
    assert account not in leases.active()


def test_denied_lease_is_reported_and_the_account_is_onboarded(start, world, account):
    world.function_role("no-leases", without="AcquireLeases")
    report = start(world, role="no-leases").report({"account_id": account})
    assert report["outcome"] == "converged"
    assert any("lease could not be acquired" in notice for notice in report["notices"]), report["notices"]
