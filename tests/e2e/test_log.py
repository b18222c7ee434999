"""The log of the function: only JSON lines, searchable by account, without external IDs."""

import json

import events
from world import EXTERNAL_IDS


def test_log_is_json_and_contains_the_account(function, account):
    batch = events.batch(events.create_account_result(account))
    assert function.failures(batch) == []
    lines = function.log()
    assert any(account in str(line) and "converged" in str(line) for line in lines)
    (line,) = [line for line in lines if line.get("account_id") == account and "_aws" not in line]
    assert {"outcome", "trigger", "cause"} <= set(line)
    (record,) = batch["Records"]
    assert (line["event_id"], line["message_id"]) == (json.loads(record["body"])["id"], record["messageId"])
    assert line["invocation_id"].startswith("00000000-0000-4000-8000-")


def test_account_emits_metrics_and_a_new_one_its_duration(function, account):
    assert function.failures(events.batch(events.create_account_result(account))) == []
    records = [line for line in function.log() if "_aws" in line]
    assert [record.get("outcome") for record in records] == ["converged", None]
    assert "TimeToOnboarded" in records[1], "the account is new"
    for record in records:
        (directive,) = record["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "AccountOnboarding"
        metrics = [metric["Name"] for metric in directive["Metrics"]]
        keys = [key for keys in directive["Dimensions"] for key in keys]
        assert all(name in record for name in metrics + keys), "a metric or dimension is missing from the record"
        assert isinstance(record["_aws"]["Timestamp"], int)


def test_external_ids_are_not_logged(start, world, account, iam):
    """On success, in a plan, with a foreign role in the way, and at the most verbose log level."""
    function = start(world, {**world.template.environment(), "ONBOARDING_LOG": "trace"})
    answers = [function.invoke({"account_id": account, "mode": "plan"}), function.invoke({"account_id": account})]
    iam.untag_role(RoleName="TrelicaIntegration", TagKeys=["account-onboarding"])
    answers.append(function.invoke({"account_id": account}))
    answers.append(function.invoke(events.batch(events.create_account_result(account), "not json")))
    answers.append(function.invoke(b"not json"))
    output = function.printed() + "".join(answer.text for answer in answers)
    for external_id in EXTERNAL_IDS.values():
        assert external_id not in output
    assert function.wire.named("iam:CreateRole"), "the roles were created"
