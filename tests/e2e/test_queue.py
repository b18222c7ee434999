"""The queue, as SQS keeps it and Lambda polls it: pauses that grow, what needs a person set aside, sweeps and redrives."""

import json

import events
import iam_state
import pytest
from world import ACCESS_ROLE


class Queues:
    """The stack's inbox and dead letters; `work` is Lambda's poller."""

    def __init__(self, world, name):
        self.sqs = world.server.client("sqs", world.management)
        self.dead_letters = self.sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self.arn(self.dead_letters), "maxReceiveCount": "400"}
        attributes = {"VisibilityTimeout": "720", "RedrivePolicy": json.dumps(redrive)}
        self.inbox = self.sqs.create_queue(QueueName=f"{name}-inbox", Attributes=attributes)["QueueUrl"]

    def arn(self, url):
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def put(self, body):
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.inbox, MessageBody=text)

    def receive(self, url, most=10):
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def work(self, function, seconds=20, rounds=50):
        """Hands over what is visible, one message at a time, and deletes what is not given back."""
        given_back = []
        for _ in range(rounds):
            messages = self.receive(self.inbox, most=1)
            if not messages:
                return given_back
            failed = function.failures({"Records": [_record(message) for message in messages]}, seconds=seconds)
            for message in messages:
                if message["MessageId"] in failed:
                    given_back.append(message)
                else:
                    self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        raise AssertionError("the queue does not become empty")


def _record(message):
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


@pytest.fixture
def queues(world, request):
    return Queues(world, request.node.name.replace("_", "-")[:60])


@pytest.fixture
def polled(start, world, queues, request):
    """The function as the stack starts it, with the template's permissions on these queues."""
    role = request.node.name[:60]
    world.function_role(role)
    (document,) = world.template.permissions().values()
    on = {"UseInbox": queues.arn(queues.inbox), "SetAside": queues.arn(queues.dead_letters)}
    statements = [{**one, "Resource": on[one["Sid"]]} for one in document["Statement"] if one["Sid"] in on]
    # AWS takes a batch for what it is made of; ministack wants a permission of its own for it.
    batch = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": on["UseInbox"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements, batch]})
    iam = world.server.client("iam", world.management)
    iam.put_role_policy(RoleName=role, PolicyName="queues", PolicyDocument=policy)
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    return start(world, environment=world.template.environment(**urls), role=role)


def test_a_message_that_is_done_is_gone(polled, queues, account, iam):
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]
    assert queues.receive(queues.dead_letters) == []


def test_what_needs_a_person_is_set_aside_with_its_cause_and_a_redrive_finishes_it(polled, queues, account, iam):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_nobody())
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == [], "it is not tried again by itself"
    (letter,) = queues.receive(queues.dead_letters)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["CAUSE"] == "foreign_role"
    assert "TrelicaIntegration" in attributes["MESSAGE"] and attributes["REMEDY"]

    iam.delete_role(RoleName="TrelicaIntegration")
    queues.put(letter["Body"])
    assert queues.work(polled) == []
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]


def test_what_is_not_understood_is_set_aside_and_harms_no_other(polled, queues, account, iam):
    queues.put("not json")
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    (letter,) = queues.receive(queues.dead_letters)
    assert letter["Body"] == "not json"
    assert letter["MessageAttributes"]["CAUSE"]["StringValue"] == "not_understood"
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]


def test_an_account_that_is_not_ready_is_put_off_and_comes_again(polled, queues, world, iam_of):
    account, _ = world.create_account_without_role()
    queues.put(events.create_account_result(account))
    assert len(queues.work(polled, seconds=8)) == 1
    (put_off,) = polled.wire.named("sqs:ChangeMessageVisibility")
    assert put_off.parameters["VisibilityTimeout"] == 30

    world.access_role(account)
    queues.sqs.purge_queue(QueueUrl=queues.inbox)
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    assert "TrelicaIntegration" in iam_state.of(iam_of(account))["roles"]


def test_a_sweep_finds_the_account_whose_event_was_lost(polled, queues, account, iam):
    queues.put({"sweep": {}})
    queues.work(polled, seconds=8, rounds=500)
    assert polled.wire.named("organizations:ListAccounts")
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]
    assert ACCESS_ROLE in iam_state.of(iam)["roles"]


def _nobody():
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
