"""What must not be onboarded, and what is no event at all: each ends in one clear word, and nothing is written."""

import events
import iam_state
import pytest
from world import ACCESS_ROLE, MANAGEMENT, trust

UNKNOWN = "999988887777"
# Lambda itself hands over nothing but JSON; SQS hands over any text.
NO_JSON = ["", "not json"]
GARBAGE = [
    "[]",
    "null",
    "42",
    '{"detail":7}',
    '{"account_id":"4444555566667"}',
    '{"account_id":444455556666}',
]
NO_UTF8 = b'{"account_id":"\xff"}'


def test_a_failed_creation_is_ignored(function):
    event = events.create_account_result(None, state="FAILED", failureReason="EMAIL_ALREADY_EXISTS")
    assert function.failures(events.batch(event)) == []
    assert function.wire.named("sts:AssumeRole") == []


def test_the_management_account_is_left_alone(function):
    assert function.failures(events.batch(events.create_account_result(MANAGEMENT))) == []
    assert function.report({"account_id": MANAGEMENT})["outcome"] == "ignored"
    assert function.wire.named("sts:AssumeRole") == []


def test_an_account_that_organizations_does_not_know_is_not_entered(function):
    report = function.report({"account_id": UNKNOWN})
    assert report["outcome"] in ("blocked", "ignored")
    assert UNKNOWN in report["cause"]["message"]
    assert function.wire.named("sts:AssumeRole") == []


def test_a_suspended_account_is_not_entered(function, world, account):
    world.server.client("organizations", world.management).close_account(AccountId=account)
    report = function.report({"account_id": account})
    assert report["outcome"] in ("blocked", "ignored")
    assert function.wire.named("sts:AssumeRole") == []


@pytest.mark.parametrize("payload", GARBAGE)
def test_garbage_is_a_clear_error(function, payload):
    answer = function.invoke(payload.encode())
    assert answer.failed
    assert answer.body["errorType"] == "InvalidPayload", answer.text
    assert answer.body["errorMessage"]
    assert function.wire.writes() == []


@pytest.mark.parametrize("payload", [*(text.encode() for text in NO_JSON), NO_UTF8])
def test_what_is_no_json_fails_and_writes_nothing(function, payload):
    answer = function.invoke(payload)
    assert answer.failed
    assert answer.body["errorMessage"]
    assert function.wire.writes() == []


@pytest.mark.parametrize("body", NO_JSON + GARBAGE)
def test_garbage_in_a_batch_is_given_back(function, body):
    batch = events.batch(body)
    assert function.failures(batch) == [batch["Records"][0]["messageId"]]


def test_one_bad_record_harms_no_other(function, account, iam):
    batch = events.batch("not json", events.create_account_result(account))
    assert function.failures(batch) == [batch["Records"][0]["messageId"]]
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]


def test_the_process_outlives_bad_input(function, account):
    for payload in (b"not json", NO_UTF8):
        assert function.invoke(payload).failed
    assert function.report({"account_id": account})["outcome"] == "converged"


def test_a_young_account_that_lets_nobody_in_yet_goes_back_to_the_queue(function, world, iam_of):
    account, _ = world.create_account_without_role()
    batch = events.batch(events.create_account_result(account))
    assert function.failures(batch, seconds=8) == [batch["Records"][0]["messageId"]]
    assert len(function.wire.named("sts:AssumeRole")) > 1, "it tried for as long as it had time"

    world.access_role(account)
    assert function.failures(batch) == []
    assert "TrelicaIntegration" in iam_state.of(iam_of(account))["roles"]


def test_an_event_that_came_directly_fails_so_that_it_is_sent_again(function, world):
    account, _ = world.create_account_without_role()
    answer = function.invoke(events.create_account_result(account), seconds=8)
    assert answer.failed
    assert answer.body["errorType"] == "Waiting", answer.text


def test_a_role_that_someone_else_made_is_refused(function, account, iam):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=trust(account))
    before = iam_state.role(iam, "TrelicaIntegration")

    report = function.report({"account_id": account})

    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "foreign_role")
    assert report["cause"]["remedy"]
    assert iam_state.role(iam, "TrelicaIntegration") == before


def test_a_configuration_that_does_not_parse_is_said_and_nothing_is_entered(start, world, account):
    function = start(world, world.configure("broken", "[access-role]\nnmaes = []\n"))
    answer = function.invoke({"account_id": account})
    assert "nmaes" in answer.text
    assert function.wire.named("sts:AssumeRole") == []
    assert ACCESS_ROLE not in [call.parameters.get("RoleName") for call in function.wire.writes()]
