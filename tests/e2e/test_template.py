"""template.yaml gives the function what it needs and no more, and lets the right events through."""

import json

import events
import pytest

# The other statements are for Lambda itself, which polls the queue and writes the log, and for KMS: not emulated here.
NEEDED = ["EnterAccounts", "KnowAccounts", "KnowCreations", "ReadConfiguration"]


@pytest.mark.parametrize("statement", NEEDED)
def test_each_permission_is_needed(start, world, iam_of, statement):
    """That all of them together are enough is what every other test here shows."""
    account, request = world.create_account()
    world.function_role(f"without-{statement}", without=statement)
    function = start(world, role=f"without-{statement}")
    answer = function.invoke(events.batch(events.create_account(request)), seconds=8)
    assert answer.failed or len(answer.body["batchItemFailures"]) == 1
    assert [role["RoleName"] for role in iam_of(account).list_roles()["Roles"]] == ["OrganizationAccountAccessRole"]


def test_the_rule_lets_through_what_may_be_a_new_account(world):
    result = events.create_account_result
    unlike = [
        result("444455556666", state="succeeded"),
        {**result("444455556666"), "detail-type": "AWS API Call via CloudTrail"},
        {**result("444455556666"), "region": "us-gov-west-1"},
    ]
    without_state = result("444455556666")
    del without_state["detail"]["serviceEventDetails"]["createAccountStatus"]["state"]
    for event in [result("444455556666"), without_state, *unlike]:
        assert _matches(world, event), event


def test_the_rule_keeps_the_rest_away(world):
    result = events.create_account_result
    for event in [
        result(None, state="FAILED"),
        events.create_account("car-example1"),
        {**result("1"), "source": "mine"},
    ]:
        assert not _matches(world, event), event


def _matches(world, event):
    client = world.server.client("events", world.management)
    pattern = json.dumps(world.template.event_pattern())
    return client.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]
