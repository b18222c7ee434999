"""Accounts that must not be onboarded, and invalid payloads: each ends with a clear outcome, and nothing is written."""

import events
import iam_state
import pytest
from world import ACCESS_ROLE, MANAGEMENT, trust

UNKNOWN = "999988887777"
# Lambda passes only JSON to a function; an SQS message body can be any text.
INVALID_JSON = ["", "not json"]
GARBAGE = [
    "[]",
    "null",
    "42",
    '{"detail":7}',
    '{"account_id":"4444555566667"}',
    '{"account_id":444455556666}',
]
INVALID_UTF8 = b'{"account_id":"\xff"}'


def test_failed_creation_is_ignored(function):
    event = events.create_account_result(None, state="FAILED", failureReason="EMAIL_ALREADY_EXISTS")
    assert function.failures(events.batch(event)) == []
    assert function.wire.named("sts:AssumeRole") == []


def test_management_account_is_ignored(function):
    assert function.failures(events.batch(events.create_account_result(MANAGEMENT))) == []
    assert function.report({"account_id": MANAGEMENT})["outcome"] == "ignored"
    assert function.wire.named("sts:AssumeRole") == []


def test_account_outside_the_organization_is_not_accessed(function):
    report = function.report({"account_id": UNKNOWN})
    assert report["outcome"] in ("blocked", "ignored")
    assert UNKNOWN in report["cause"]["message"]
    assert function.wire.named("sts:AssumeRole") == []


def test_suspended_account_is_not_accessed(function, world, account):
    world.server.client("organizations", world.management).close_account(AccountId=account)
    report = function.report({"account_id": account})
    assert report["outcome"] in ("blocked", "ignored")
    assert function.wire.named("sts:AssumeRole") == []


@pytest.mark.parametrize("payload", GARBAGE)
def test_garbage_is_an_invalid_payload(function, payload):
    answer = function.invoke(payload.encode())
    assert answer.failed
    assert answer.body["errorType"] == "InvalidPayload", answer.text
    assert answer.body["errorMessage"]
    assert function.wire.writes() == []


@pytest.mark.parametrize("payload", [*(text.encode() for text in INVALID_JSON), INVALID_UTF8])
def test_invalid_json_fails_and_writes_nothing(function, payload):
    answer = function.invoke(payload)
    assert answer.failed
    assert answer.body["errorMessage"]
    assert function.wire.writes() == []


@pytest.mark.parametrize("body", INVALID_JSON + GARBAGE)
def test_garbage_in_a_batch_is_reported_as_failed(function, body):
    batch = events.batch(body)
    assert function.failures(batch) == [batch["Records"][0]["messageId"]]


def test_bad_record_is_isolated(function, account, iam):
    batch = events.batch("not json", events.create_account_result(account))
    assert function.failures(batch) == [batch["Records"][0]["messageId"]]
    assert "TrelicaIntegration" in iam_state.snapshot(iam)["roles"]


def test_process_survives_bad_input(function, account):
    for payload in (b"not json", INVALID_UTF8):
        assert function.invoke(payload).failed
    assert function.report({"account_id": account})["outcome"] == "converged"


def test_new_account_without_access_role_is_retried(function, world, iam_of):
    account, _ = world.create_account_without_role()
    batch = events.batch(events.create_account_result(account))
    assert function.failures(batch, seconds=8) == [batch["Records"][0]["messageId"]]
    assert len(function.wire.named("sts:AssumeRole")) > 1, "it retries until its time is over"

    world.access_role(account)
    assert function.failures(batch) == []
    assert "TrelicaIntegration" in iam_state.snapshot(iam_of(account))["roles"]


def test_direct_event_fails_so_that_it_is_retried(function, world):
    account, _ = world.create_account_without_role()
    answer = function.invoke(events.create_account_result(account), seconds=8)
    assert answer.failed
    assert answer.body["errorType"] == "Waiting", answer.text


def test_foreign_role_is_refused(function, account, iam):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=trust(account))
    before = iam_state.role(iam, "TrelicaIntegration")

    report = function.report({"account_id": account})

    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "foreign_role")
    assert report["cause"]["remedy"]
    assert iam_state.role(iam, "TrelicaIntegration") == before


def test_invalid_configuration_is_reported_and_no_account_is_accessed(start, world, account):
    function = start(world, world.configure("broken", "[access-role]\nnmaes = []\n"))
    answer = function.invoke({"account_id": account})
    assert "nmaes" in answer.text
    assert function.wire.named("sts:AssumeRole") == []
    assert ACCESS_ROLE not in [call.parameters.get("RoleName") for call in function.wire.writes()]
