"""Several events of one account at the same moment, each in a process of its own as Lambda has it: the writes of one."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import events
import iam_state
import pytest


@pytest.fixture
def claims(world):
    """The claims that SSM holds, and a way to make one."""
    return Claims(world.server.client("ssm", world.management))


class Claims:
    below = "/account-onboarding/leases/"

    def __init__(self, ssm):
        self.ssm = ssm

    def all(self):
        """The accounts whose claims have not run out, nor been given back."""
        found = self.ssm.get_parameters_by_path(Path=self.below)["Parameters"]
        held = [parameter for parameter in found if json.loads(parameter["Value"])["until"] > time.time()]
        return [parameter["Name"].removeprefix(self.below) for parameter in held]

    def put(self, account, seconds):
        value = json.dumps({"by": "another", "until": time.time() + seconds})
        self.ssm.put_parameter(Name=self.below + account, Value=value, Type="String", Overwrite=True)


def test_several_sources_at_the_same_moment_make_the_writes_of_one(start, world, account, claims, iam):
    alone, _ = world.create_account()
    one = start(world)
    assert one.failures(events.batch(events.create_account_result(alone))) == []
    wanted = sorted((call.name, call.of) for call in one.wire.writes())

    sources = [
        events.create_account_result(account),
        events.of(account, "account-joined-created"),
        events.of(account, "control-tower-create-managed-account"),
        events.create_account_result(account),
    ]
    functions = [start(world) for _ in sources]
    with ThreadPoolExecutor(len(sources)) as pool:
        given_back = list(pool.map(lambda pair: pair[0].failures(events.batch(pair[1])), zip(functions, sources)))

    assert given_back == [[]] * len(sources)
    made = [call for function in functions for call in function.wire.writes()]
    assert sorted((call.name, call.of) for call in made) == wanted
    assert account not in claims.all()
    assert set(iam_state.of(iam)["roles"]) == set(iam_state.of(world.server.client("iam", alone))["roles"])


def test_who_comes_second_waits_and_then_finds_nothing_to_do(start, world, account, claims):
    claims.put(account, 600)
    function = start(world)
    answer = function.report({"account_id": account}, seconds=8)
    assert (answer["outcome"], answer["cause"]["code"]) == ("waiting", "lease_held")
    assert (answer["changes"], function.wire.writes()) == ([], [])

    claims.put(account, -1)
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert account not in claims.all()


def test_a_claim_that_ran_out_is_taken_over_by_one(start, world, account, claims):
    claims.put(account, -1)
    functions = [start(world) for _ in range(3)]
    with ThreadPoolExecutor(len(functions)) as pool:
        reports = list(pool.map(lambda function: function.report({"account_id": account}, 60), functions))
    assert [report["outcome"] for report in reports] == ["converged"] * len(functions)
    assert sum(1 for report in reports if report["changes"]) == 1
    assert account not in claims.all()


def test_who_may_not_claim_works_on_and_says_so(start, world, account):
    world.function_role("claims-nothing", without="AcquireLeases")
    report = start(world, role="claims-nothing").report({"account_id": account})
    assert report["outcome"] == "converged"
    assert any("could not be claimed" in notice for notice in report["notices"]), report["notices"]
