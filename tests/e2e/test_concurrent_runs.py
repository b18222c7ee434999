"""Concurrent events for one account, each in a process of its own as in Lambda, make the writes of a single run."""

import time
from concurrent.futures import ThreadPoolExecutor

import events
import iam_state
from world import ACCESS_ROLE


def test_concurrent_sources_make_the_writes_of_one_run(start, world, account, iam):
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
    assert_saved_and_released(world, account)
    assert set(iam_state.snapshot(iam)["roles"]) == set(iam_state.snapshot(world.server.client("iam", reference))["roles"])


def assert_saved_and_released(world, account):
    record = world.record(account)
    assert record["outcome"] == "converged"
    assert "lease_owner" not in record and "lease_expires_at" not in record


def test_second_run_waits_for_the_lease_and_then_converges(start, world, account):
    world.put_lease(account, "another", time.time() + 600)
    function = start(world)
    answer = function.report({"account_id": account}, seconds=8)
    assert (answer["outcome"], answer["cause"]["code"]) == ("waiting", "lease_held")
    assert (answer["changes"], function.wire.writes()) == ([], [])

    world.put_lease(account, "another", time.time() - 1)
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert_saved_and_released(world, account)


def test_expired_lease_is_taken_over_by_one_run(start, world, account):
    world.put_lease(account, "killed", time.time() - 1)
    functions = [start(world) for _ in range(3)]
    with ThreadPoolExecutor(len(functions)) as pool:
        reports = list(pool.map(lambda function: function.report({"account_id": account}, 60), functions))
    assert [report["outcome"] for report in reports] == ["converged"] * len(functions)
    assert sum(1 for report in reports if report["changes"]) == 1
    assert_saved_and_released(world, account)


def test_denied_table_is_reported_and_the_account_is_onboarded(start, world, account):
    world.function_role("no-records", without="KeepRecords")
    report = start(world, role="no-records").report({"account_id": account})
    assert report["outcome"] == "converged"
    assert any("record could not be read" in notice for notice in report["notices"]), report["notices"]
    assert world.record(account) == {}


def test_record_has_the_ids_of_the_created_roles(start, world, account, iam):
    """IAM's own answers are read back with another client."""
    assert start(world).report({"account_id": account})["outcome"] == "converged"
    roles = {role["RoleName"]: role["RoleId"] for role in iam.list_roles()["Roles"]}
    created = {name: id for name, id in roles.items() if name != ACCESS_ROLE}
    assert created and world.record(account)["roles"] == created


def test_table_holds_whatever_another_program_wrote(start, world, account):
    """A lease that is not a number counts as absent, and the rest of such an item counts as absent."""
    dynamodb = world.server.client("dynamodb", world.management)
    item = {"subject": {"S": account}, "lease_owner": {"S": "x"}, "lease_expires_at": {"S": "tomorrow"}, "roles": {"N": "1"}}
    dynamodb.put_item(TableName=world.template.table()["TableName"], Item=item)
    assert start(world).report({"account_id": account})["outcome"] == "converged"
    assert_saved_and_released(world, account)


def test_function_without_a_table_onboards_and_says_so_once(start, world, account):
    environment = world.template.environment() | {"ONBOARDING_TABLE": ""}
    function = start(world, environment)
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert not [call for call in function.wire.calls if call.service == "dynamodb"]
    assert sum("`ONBOARDING_TABLE` is not set" in str(line) for line in function.log()) == 1
