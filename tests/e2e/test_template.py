"""template.yaml grants the function the permissions that it needs and no others, and its rules match the right events."""

import json
from pathlib import Path

import events
import pytest

# The other statements are for notifications (test_notifications.py), for Lambda itself, which polls the queue and writes the
# log, and for KMS, which is not emulated here.
NEEDED = ["AssumeAccessRoles", "DescribeAccounts", "ListAccountsAndCreations", "ReadConfiguration"]


@pytest.mark.parametrize("statement", NEEDED)
def test_each_permission_is_required(start, world, iam_of, statement):
    """All other tests show that the permissions are sufficient."""
    account, request = world.create_account()
    world.function_role(f"without-{statement}", without=statement)
    function = start(world, role=f"without-{statement}")
    answer = function.invoke(events.batch(events.create_account(request)), seconds=8)
    assert answer.failed or len(answer.body["batchItemFailures"]) == 1
    assert [role["RoleName"] for role in iam_of(account).list_roles()["Roles"]] == ["OrganizationAccountAccessRole"]


RULES = ["NewAccount", "CreationFailed", "AccountBlocked", "ConfigurationChanged"]
# The rule that matches each sample. No rule matches the other samples.
MATCHED_BY = {
    "account-departed-cleaned": "NewAccount",
    "account-departed-left": "NewAccount",
    "account-departed-removed": "NewAccount",
    "account-joined-created": "NewAccount",
    "account-joined-invited": "NewAccount",
    "close-account-result": "NewAccount",
    "control-tower-create-managed-account": "NewAccount",
    "control-tower-create-managed-account-failed": "NewAccount",
    "control-tower-update-managed-account": "NewAccount",
    "configuration-changed": "ConfigurationChanged",
    "create-account-result-failed": "CreationFailed",
    "create-account": "NewAccount",
    "create-account-result-succeeded": "NewAccount",
    "create-gov-cloud-account": "NewAccount",
    "create-gov-cloud-account-result": "NewAccount",
    "move-account": "NewAccount",
    "remove-account-from-organization": "NewAccount",
    "tag-resource": "NewAccount",
    "untag-resource": "NewAccount",
}
SAMPLES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parents[2] / "events").glob("*.json")}
EVENTS = sorted(name for name, sample in SAMPLES.items() if "detail-type" in sample)


@pytest.mark.parametrize("name", EVENTS)
def test_sample_matches_at_most_one_rule(world, name):
    matched = [rule for rule in RULES if _matches(world, SAMPLES[name], rule)]
    assert matched == ([MATCHED_BY[name]] if name in MATCHED_BY else [])


@pytest.mark.parametrize("name", sorted(MATCHED_BY))
def test_rule_does_not_match_an_event_of_another_account(world, name):
    foreign = {**SAMPLES[name], "account": "999988887777"}
    assert not [rule for rule in RULES if _matches(world, foreign, rule)]


def test_rule_matches_possible_new_accounts(world):
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


def test_rule_does_not_match_other_events(world):
    result = events.create_account_result
    for event in [result(None, state="FAILED"), {**result("1"), "source": "mine"}]:
        assert not _matches(world, event, "NewAccount"), event


CALLS = [
    "create-account",
    "create-gov-cloud-account",
    "move-account",
    "remove-account-from-organization",
    "tag-resource",
    "untag-resource",
]


@pytest.mark.parametrize("name", CALLS)
def test_rule_does_not_match_a_failed_call(world, name):
    call = SAMPLES[name]
    failed = {**call, "detail": {**call["detail"], "errorCode": "AccessDenied", "responseElements": None}}
    assert _matches(world, call, "NewAccount")
    assert not _matches(world, failed, "NewAccount")


def test_failed_creation_matches_its_notification_rule(world):
    result = events.create_account_result
    failed = result(None, state="FAILED", failureReason="EMAIL_ALREADY_EXISTS")
    unlike = {**failed, "detail-type": "AWS API Call via CloudTrail"}
    for event in [failed, unlike]:
        assert _matches(world, event, "CreationFailed"), event
    for event in [result("444455556666"), {**failed, "source": "mine"}]:
        assert not _matches(world, event, "CreationFailed"), event


def test_only_blocked_events_of_the_function_match_their_notification_rule(world):
    def own(**fields):
        detail = {"version": "1", "account_id": "444455556666", "cause": {"code": "foreign_role"}}
        event = events.create_account_result("444455556666")
        return {**event, "source": "account-onboarding", "detail-type": "AccountBlocked", "detail": detail, **fields}

    assert _matches(world, own(), "AccountBlocked")
    quiet = [{"detail-type": f"Account{kind}"} for kind in ("Onboarded", "Departed", "Drifted")]
    for fields in [*quiet, {"source": "mine"}, {"account": "999988887777"}]:
        assert not _matches(world, own(**fields), "AccountBlocked"), fields
    assert not _matches(world, own(), "NewAccount"), "otherwise the function would process its own events"


def test_dashboard_is_valid_json(world):
    widgets = json.loads(world.template.dashboard())["widgets"]
    assert {widget["type"] for widget in widgets} == {"text", "alarm", "metric", "log"}


def _matches(world, event, rule):
    client = world.server.client("events", world.management)
    pattern = json.dumps(world.template.event_pattern(rule))
    return client.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]
