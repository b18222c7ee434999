"""template.yaml gives the function what it needs and no more, and lets the right events through."""

import json
from pathlib import Path

import events
import pytest

# The other statements are for telling (test_telling.py), for Lambda itself, which polls the queue and writes the log, and
# for KMS: not emulated here.
NEEDED = ["AssumeAccessRoles", "DescribeAccounts", "ListAccountsAndCreations", "ReadConfiguration"]


@pytest.mark.parametrize("statement", NEEDED)
def test_each_permission_is_needed(start, world, iam_of, statement):
    """That all of them together are enough is what every other test here shows."""
    account, request = world.create_account()
    world.function_role(f"without-{statement}", without=statement)
    function = start(world, role=f"without-{statement}")
    answer = function.invoke(events.batch(events.create_account(request)), seconds=8)
    assert answer.failed or len(answer.body["batchItemFailures"]) == 1
    assert [role["RoleName"] for role in iam_of(account).list_roles()["Roles"]] == ["OrganizationAccountAccessRole"]


RULES = ["NewAccount", "CreationFailed", "AccountBlocked"]
# Which rule takes which sample; the others are taken by none.
TAKEN = {
    "account-departed-cleaned": "NewAccount",
    "account-departed-left": "NewAccount",
    "account-departed-removed": "NewAccount",
    "account-joined-created": "NewAccount",
    "account-joined-invited": "NewAccount",
    "close-account-result": "NewAccount",
    "control-tower-create-managed-account": "NewAccount",
    "control-tower-create-managed-account-failed": "NewAccount",
    "control-tower-update-managed-account": "NewAccount",
    "create-account-result-failed": "CreationFailed",
    "create-account": "NewAccount",
    "create-account-result-succeeded": "NewAccount",
    "create-gov-cloud-account": "NewAccount",
    "create-gov-cloud-account-result": "NewAccount",
    "move-account": "NewAccount",
    "remove-account-from-organization": "NewAccount",
}
SAMPLES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parents[2] / "events").glob("*.json")}
EVENTS = sorted(name for name, sample in SAMPLES.items() if "detail-type" in sample)


@pytest.mark.parametrize("name", EVENTS)
def test_each_sample_goes_to_one_rule_at_most(world, name):
    taken = [rule for rule in RULES if _matches(world, SAMPLES[name], rule)]
    assert taken == ([TAKEN[name]] if name in TAKEN else [])


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
        assert _matches(world, event, "NewAccount"), event


def test_the_rule_keeps_the_rest_away(world):
    result = events.create_account_result
    for event in [result(None, state="FAILED"), {**result("1"), "source": "mine"}]:
        assert not _matches(world, event, "NewAccount"), event


CALLS = ["create-account", "create-gov-cloud-account", "remove-account-from-organization"]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_failed_is_kept_away(world, name):
    call = SAMPLES[name]
    failed = {**call, "detail": {**call["detail"], "errorCode": "AccessDenied", "responseElements": None}}
    assert _matches(world, call, "NewAccount")
    assert not _matches(world, failed, "NewAccount")


def test_a_creation_that_failed_is_told_of(world):
    result = events.create_account_result
    failed = result(None, state="FAILED", failureReason="EMAIL_ALREADY_EXISTS")
    unlike = {**failed, "detail-type": "AWS API Call via CloudTrail"}
    for event in [failed, unlike]:
        assert _matches(world, event, "CreationFailed"), event
    for event in [result("444455556666"), {**failed, "source": "mine"}]:
        assert not _matches(world, event, "CreationFailed"), event


def test_the_function_s_own_events_are_told_of_where_an_account_is_blocked(world):
    def own(**fields):
        detail = {"version": "1", "account_id": "444455556666", "cause": {"code": "foreign_role"}}
        event = events.create_account_result("444455556666")
        return {**event, "source": "account-onboarding", "detail-type": "AccountBlocked", "detail": detail, **fields}

    assert _matches(world, own(), "AccountBlocked")
    quiet = [{"detail-type": "AccountOnboarded"}, {"detail-type": "AccountDeparted"}]
    for fields in [*quiet, {"source": "mine"}, {"account": "999988887777"}]:
        assert not _matches(world, own(**fields), "AccountBlocked"), fields
    assert not _matches(world, own(), "NewAccount"), "or it would go round for ever"


def test_the_dashboard_is_json(world):
    widgets = json.loads(world.template.dashboard())["widgets"]
    assert {widget["type"] for widget in widgets} == {"text", "alarm", "metric", "log"}


def _matches(world, event, rule):
    client = world.server.client("events", world.management)
    pattern = json.dumps(world.template.event_pattern(rule))
    return client.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]
