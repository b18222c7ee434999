"""What the function tells, on a real event bus with a real rule: once for each account and cause."""

import json

import events
import pytest


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
def telling(start, world):
    """The function as the stack starts it, with the template's permissions."""
    variables = {"ONBOARDING_EVENT_BUS": "default", "ONBOARDING_TOLD": "/account-onboarding/told"}
    return start(world, environment=world.template.environment(**variables))


def memory(world):
    ssm = world.server.client("ssm", world.management)
    found = ssm.get_parameters_by_path(Path="/account-onboarding/told")["Parameters"]
    return {one["Name"].rsplit("/", 1)[-1]: json.loads(one["Value"]) for one in found}


def test_an_onboarded_account_is_told(telling, bus, account):
    for _ in range(2):
        assert telling.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert (event["source"], event["detail-type"]) == ("account-onboarding", "AccountOnboarded")
    assert event["detail"]["account_id"] == account and event["detail"]["changes"] > 0


def test_a_blocked_account_is_told_once_until_it_is_repaired(telling, bus, world, account, iam):
    nobody = {"Effect": "Deny", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=document)
    for _ in range(2):
        telling.invoke(events.batch(events.create_account_result(account)))
    (event,) = bus()
    assert event["detail-type"] == "AccountBlocked"
    assert event["detail"]["cause"]["code"] == "foreign_role" and account in event["detail"]["run_again"]
    remembered = memory(world)[account]
    assert remembered["code"] == "foreign_role" and remembered["confirmed"]

    iam.delete_role(RoleName="TrelicaIntegration")
    assert telling.failures(events.batch(events.create_account_result(account))) == []
    (event,) = bus()
    assert event["detail-type"] == "AccountOnboarded"
    assert account not in memory(world)


def test_who_may_not_tell_still_onboards_and_says_so(start, world, bus, account):
    world.function_role("silent", without="Tell")
    variables = {"ONBOARDING_EVENT_BUS": "default", "ONBOARDING_TOLD": "/account-onboarding/told"}
    function = start(world, environment=world.template.environment(**variables), role="silent")
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert bus() == []
    lines = [line for line in function.log() if "could not be told" in str(line)]
    assert len(lines) == 1 and lines[0]["account_id"] == account and "PutEvents" in str(lines[0])
