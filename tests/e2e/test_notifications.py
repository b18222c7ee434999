"""The events that the function publishes, through an event bus and a rule: once for each account and cause."""

import json

import events
import pytest
from botocore.exceptions import ClientError
from fault_proxy import FaultProxy, Point
from function import Function
from ministack.core.iam_evaluator import _evaluate_single_condition


@pytest.fixture
def bus(world, account):
    """Receives the events of one account, through a rule on the bus that sends them to a queue."""
    client = world.server.client("events", world.management)
    sqs = world.server.client("sqs", world.management)
    name = f"notifications-{account}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["account-onboarding"], "detail": {"account_id": [account]}}
    bus = world.template.event_bus()
    client.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
    client.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def received():
        """The events since the last call."""
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    return received


def test_onboarded_account_is_notified_once(function, bus, account):
    for _ in range(2):
        assert function.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert (event["source"], event["detail-type"]) == ("account-onboarding", "AccountOnboarded")
    assert event["detail"]["account_id"] == account and event["detail"]["changes"] > 0


def test_published_events_meet_the_condition_of_the_permission(function, world, account):
    """The emulator's evaluator judges the recorded calls, and what they must not be extended to."""
    assert function.failures(events.batch(events.create_account_result(account))) == []
    (document,) = world.template.permissions().values()
    (notify,) = [one for one in document["Statement"] if one["Sid"] == "Notify"]
    calls = [call.parameters["Entries"] for call in function.wire.named("events:PutEvents")]
    assert calls
    for entries in calls:
        assert _is_allowed(notify, entries)
        assert not _is_allowed(notify, [*entries, {**entries[0], "Source": "mine"}])
        assert not _is_allowed(notify, [*entries, {**entries[0], "DetailType": "Refund"}])
    assert not _is_allowed(notify, [])


def test_function_may_publish_nothing_but_its_own_events(world):
    """The emulator enforces the published statement on real requests."""
    keys = world.credentials()
    client = world.server.client("events", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    own = {"EventBusName": world.template.event_bus(), "Source": "account-onboarding", "DetailType": "AccountBlocked", "Detail": "{}"}
    client.put_events(Entries=[own, {**own, "DetailType": "AccountDeparted"}])
    for entries in (
        [{**own, "Source": "mine"}],
        [own, {**own, "Source": "mine"}],
        [own, {**own, "DetailType": "Refund"}],
        [{**own, "EventBusName": "default"}],
    ):
        with pytest.raises(ClientError, match="events:PutEvents"):
            client.put_events(Entries=entries)


def _is_allowed(statement, entries):
    keys = {"events:source": "Source", "events:detail-type": "DetailType"}
    values = {key: [entry[field] for entry in entries] or None for key, field in keys.items()}
    conditions = [(operator, *one) for operator, block in statement["Condition"].items() for one in block.items()]
    expected = [(operator, key, wanted if isinstance(wanted, list) else [wanted]) for operator, key, wanted in conditions]
    return all(_evaluate_single_condition(operator, values[key], wanted) for operator, key, wanted in expected)


def foreign_role(account, iam):
    """Creates a role with a vendor's role name that this tool does not own."""
    statement = {"Effect": "Deny", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=document)


def test_blocked_account_is_notified_once_until_it_is_repaired(function, bus, world, account, iam):
    foreign_role(account, iam)
    for _ in range(2):
        function.invoke(events.batch(events.create_account_result(account)))
    (event,) = bus()
    assert event["detail-type"] == "AccountBlocked"
    assert event["detail"]["cause"]["code"] == "foreign_role" and account in event["detail"]["run_again"]
    record = world.record(account)
    assert "foreign_role" in record["notified"] and record["outcome"] == "blocked"

    iam.delete_role(RoleName="TrelicaIntegration")
    assert function.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert event["detail-type"] == "AccountOnboarded"
    assert world.record(account)["notified"] == "onboarded"


def test_denied_notification_is_logged_and_the_account_is_onboarded(start, world, bus, account):
    world.function_role("silent", without="Notify")
    function = start(world, role="silent")
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert bus() == []
    lines = [line for line in function.log() if "could not send or record the notification" in str(line)]
    assert len(lines) == 1 and lines[0]["account_id"] == account and "PutEvents" in str(lines[0])


# A fault in each call of a notification, and how often the event arrives. Delivery is at-least-once: if a response is lost,
# the event arrives twice.
@pytest.mark.parametrize(
    ("call", "nth", "kind", "times"),
    [
        (call, nth, kind, 2 if (call, kind) == ("events:PutEvents", "reset_after") else 1)
        # The record, the lease, and the record with the notification.
        for call, nth in (("dynamodb:GetItem", 1), ("dynamodb:UpdateItem", 1), ("dynamodb:UpdateItem", 2), ("events:PutEvents", 1))
        for kind in ("throttled", "unavailable", "reset_before", "reset_after")
    ],
)
def test_fault_during_a_notification(world, bus, account, iam, call, nth, kind, times):
    foreign_role(account, iam)
    environment = world.template.environment()
    function = Function(world.server, world.credentials(), environment, world.management, wire=FaultProxy)
    try:
        resource = "the caller" if call == "events:PutEvents" else "ACCOUNT"
        function.wire.inject(kind, Point(call, resource, nth))
        report = function.report({"account_id": account})
        assert report["cause"]["code"] == "foreign_role"
        assert len(function.wire.faulted_calls) == 1, "the SDK retried it"
        assert [event["detail-type"] for event in bus()] == ["AccountBlocked"] * times
        assert "foreign_role" in world.record(account)["notified"]
        # The notification is compared with the record by the next run.
        function.wire.reset_faults()
        assert function.report({"account_id": account})["cause"]["code"] == "foreign_role"
        assert bus() == []
    finally:
        function.stop()
