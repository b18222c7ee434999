"""What the function tells, on a real event bus with a real rule: once for each account and cause."""

import json

import events
import pytest
from fault_proxy import FaultProxy, Point
from function import Function


@pytest.fixture
def bus(world, account):
    """What a rule on the bus hands to a queue, for one account."""
    client = world.server.client("events", world.management)
    sqs = world.server.client("sqs", world.management)
    name = f"telling-{account}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["account-onboarding"], "detail": {"account_id": [account]}}
    client.put_rule(Name=name, EventPattern=json.dumps(pattern))
    client.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def told():
        """The events since the last look."""
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    return told


@pytest.fixture
def telling(function):
    """The function as the stack starts it: template.yaml names the bus and the memory."""
    return function


def memory(world, account):
    ssm = world.server.client("ssm", world.management)
    return json.loads(ssm.get_parameter(Name=f"/account-onboarding/notified/{account}")["Parameter"]["Value"])


def test_an_onboarded_account_is_told(telling, bus, account):
    for _ in range(2):
        assert telling.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert (event["source"], event["detail-type"]) == ("account-onboarding", "AccountOnboarded")
    assert event["detail"]["account_id"] == account and event["detail"]["changes"] > 0


def foreign_role(account, iam):
    """A role of a vendor's name that somebody else made."""
    nobody = {"Effect": "Deny", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=document)


def test_a_blocked_account_is_told_once_until_it_is_repaired(telling, bus, world, account, iam):
    foreign_role(account, iam)
    for _ in range(2):
        telling.invoke(events.batch(events.create_account_result(account)))
    (event,) = bus()
    assert event["detail-type"] == "AccountBlocked"
    assert event["detail"]["cause"]["code"] == "foreign_role" and account in event["detail"]["run_again"]
    remembered = memory(world, account)
    assert "foreign_role" in remembered["code"] and remembered["confirmed"]

    iam.delete_role(RoleName="TrelicaIntegration")
    assert telling.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert event["detail-type"] == "AccountOnboarded"
    assert memory(world, account)["code"] == "connected"


def test_who_may_not_tell_still_onboards_and_says_so(start, world, bus, account):
    world.function_role("silent", without="Notify")
    function = start(world, role="silent")
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert bus() == []
    lines = [line for line in function.log() if "could not send or record the notification" in str(line)]
    assert len(lines) == 1 and lines[0]["account_id"] == account and "PutEvents" in str(lines[0])


# A fault in each call of the telling, and how often the event arrives: an answer that was lost makes it come again.
@pytest.mark.parametrize(
    ("call", "kind", "times"),
    [
        (call, kind, 2 if (call, kind) == ("events:PutEvents", "reset_after") else 1)
        for call in ("ssm:GetParameter", "ssm:PutParameter", "events:PutEvents")
        for kind in ("throttled", "unavailable", "reset_before", "reset_after")
    ],
)
def test_a_fault_while_it_tells(world, bus, account, iam, call, kind, times):
    foreign_role(account, iam)
    environment = world.template.environment()
    function = Function(world.server, world.credentials(), environment, world.management, wire=FaultProxy)
    try:
        about = "the caller" if call == "events:PutEvents" else "/account-onboarding/notified/ACCOUNT"
        function.wire.harm(kind, Point(call, about, 1))
        report = function.report({"account_id": account})
        assert report["cause"]["code"] == "foreign_role"
        assert len(function.wire.struck) == 1, "the SDK tried again"
        assert [event["detail-type"] for event in bus()] == ["AccountBlocked"] * times
        assert memory(world, account)["confirmed"]
    finally:
        function.stop()
