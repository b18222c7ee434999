"""The queue, as SQS keeps it and Lambda polls it: pauses that grow, what needs a person set aside, sweeps and redrives."""

import json
import re
from collections import Counter

import events
import iam_state
import pytest
import stack
from fault_proxy import FaultProxy, Point
from world import ACCESS_ROLE, World


class Queues:
    """The stack's inbox and dead letters; `work` is Lambda's poller."""

    def __init__(self, world, name):
        self.sqs = world.server.client("sqs", world.management)
        self.dead_letters = self.sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
        inbox = world.template.queue("Inbox")
        redrive = inbox["RedrivePolicy"] | {"deadLetterTargetArn": self.arn(self.dead_letters)}
        attributes = {"VisibilityTimeout": str(inbox["VisibilityTimeout"]), "RedrivePolicy": json.dumps(redrive)}
        self.inbox = self.sqs.create_queue(QueueName=f"{name}-inbox", Attributes=attributes)["QueueUrl"]

    def arn(self, url):
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def put(self, body):
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.inbox, MessageBody=text)

    def receive(self, url, most=10, **asked):
        """Takes messages, which hides them for a while."""
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["All"],
            **asked,
        )
        return answer.get("Messages", [])

    def letters(self):
        """The dead letters, ten at most, which stay as they are."""
        return self.receive(self.dead_letters, VisibilityTimeout=0)

    def redrive(self):
        """Moves every dead letter to the inbox. ministack knows no StartMessageMoveTask, which does this on AWS."""
        while letters := self.receive(self.dead_letters):
            for letter in letters:
                self.put(letter["Body"])
                self.sqs.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=letter["ReceiptHandle"])

    def is_empty(self, url):
        """Whether nothing is there, and nothing is hidden."""
        numbers = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=numbers)
        return all(answer["Attributes"][number] == "0" for number in numbers)

    def come_again(self, message):
        """Ends the pause of a message, and takes it once more."""
        receipt = message["ReceiptHandle"]
        self.sqs.change_message_visibility(QueueUrl=self.inbox, ReceiptHandle=receipt, VisibilityTimeout=0)
        (again,) = self.receive(self.inbox)
        assert again["MessageId"] == message["MessageId"]
        return again

    def hand_over(self, function, message, seconds=20):
        """Whether the message is done, and so deleted."""
        failed = function.failures({"Records": [_record(message)]}, seconds=seconds)
        assert failed in ([], [message["MessageId"]])
        if not failed:
            self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return not failed

    def work(self, function, seconds=20, rounds=50):
        """Hands over what is visible, one message at a time, and tells what is given back."""
        given_back = []
        for _ in range(rounds):
            messages = self.receive(self.inbox, most=1)
            if not messages:
                return given_back
            given_back += [message for message in messages if not self.hand_over(function, message, seconds)]
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


@pytest.fixture(scope="module")
def world():
    """An organization of their own: a sweep visits every account there is."""
    server = stack.ministack()
    yield World.deployed(server)
    server.stop()


@pytest.fixture
def name(request):
    """Of this test's queues and role."""
    return re.sub("[^a-zA-Z]+", "-", request.node.name).strip("-")[-60:]


@pytest.fixture
def queues(world, name):
    return Queues(world, name)


@pytest.fixture
def polled(start, world, queues, name):
    """The function as the stack starts it, with the template's permissions on these queues."""
    world.function_role(name)
    (document,) = world.template.permissions().values()
    on = {"DelayAndSendMessages": queues.arn(queues.inbox), "SendDeadLetters": queues.arn(queues.dead_letters)}
    statements = [{**one, "Resource": on[one["Sid"]]} for one in document["Statement"] if one["Sid"] in on]
    # AWS takes a batch for what it is made of; ministack wants a permission of its own for it.
    batch = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": on["DelayAndSendMessages"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements, batch]})
    iam = world.server.client("iam", world.management)
    iam.put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=policy)
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    return start(world, environment=world.template.environment(**urls), role=name, wire=FaultProxy)


def test_a_message_that_is_done_is_gone(polled, queues, account, iam):
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]
    assert queues.is_empty(queues.dead_letters)


def test_what_needs_a_person_is_set_aside_with_its_cause_and_a_redrive_finishes_it(polled, queues, account, iam):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_nobody())
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == [], "it is not tried again by itself"
    (letter,) = queues.letters()
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["CAUSE"] == "foreign_role"
    assert "TrelicaIntegration" in attributes["MESSAGE"] and attributes["REMEDY"]

    iam.delete_role(RoleName="TrelicaIntegration")
    queues.redrive()
    assert queues.is_empty(queues.dead_letters)
    assert queues.work(polled) == []
    assert queues.is_empty(queues.dead_letters), "it is not set aside again"
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]


def test_what_is_not_understood_is_set_aside_and_harms_no_other(polled, queues, account, iam):
    queues.put("not json")
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    (letter,) = queues.letters()
    assert letter["Body"] == "not json"
    assert letter["MessageAttributes"]["CAUSE"]["StringValue"] == "invalid_message"
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]


def test_an_account_that_is_not_ready_is_put_off_and_comes_again(polled, queues, world, iam_of):
    account, _ = world.create_account_without_role()
    queues.put(events.create_account_result(account))
    (message,) = queues.work(polled, seconds=8)
    (put_off,) = polled.wire.named("sqs:ChangeMessageVisibility")
    assert put_off.parameters["VisibilityTimeout"] == 30

    world.access_role(account)
    again = queues.come_again(message)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert queues.hand_over(polled, again)
    assert queues.is_empty(queues.inbox)
    assert "TrelicaIntegration" in iam_state.of(iam_of(account))["roles"]


def test_a_sweep_finds_the_account_whose_event_was_lost(polled, queues, account, iam):
    queues.put({"sweep": {}})
    queues.work(polled, seconds=8, rounds=500)
    assert polled.wire.named("organizations:ListAccounts")
    assert "TrelicaIntegration" in iam_state.of(iam)["roles"]
    assert ACCESS_ROLE in iam_state.of(iam)["roles"]


KINDS = ("throttled", "unavailable", "reset_before", "reset_after")
SET_ASIDE = Point("sqs:SendMessage", "the caller", 1)
PUT_OFF = Point("sqs:ChangeMessageVisibility", "the caller", 1)
LIST = Point("organizations:ListAccounts", "the caller", 1)
QUEUE = Point("sqs:SendMessageBatch", "the caller", 1)


def given(queues, function, body, seconds=20):
    """The message, and whether it was done at its first time."""
    queues.put(body)
    (message,) = queues.receive(queues.inbox)
    return message, queues.hand_over(function, message, seconds)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_while_it_sets_aside(polled, queues, account, iam, kind):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_nobody())
    polled.wire.harm(kind, SET_ASIDE)
    _, done = given(queues, polled, events.create_account_result(account))
    assert done and len(polled.wire.struck) == 1
    # An answer that was lost makes it come twice.
    assert _causes(queues) == ["foreign_role"] * (2 if kind == "reset_after" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_set_aside_comes_again(polled, queues, account, iam, kind):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_nobody())
    polled.wire.harm(kind, SET_ASIDE, lasting=True)
    message, done = given(queues, polled, events.create_account_result(account))
    assert not done
    arrived = 3 if kind == "reset_after" else 0  # as often as the SDK tried
    assert _causes(queues) == ["foreign_role"] * arrived

    polled.wire.heal()
    assert queues.hand_over(polled, queues.come_again(message))
    assert _causes(queues) == ["foreign_role"] * (arrived + 1)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_while_it_puts_off(polled, queues, world, iam_of, kind, lasting):
    account, _ = world.create_account_without_role()
    polled.wire.harm(kind, PUT_OFF, lasting)
    message, done = given(queues, polled, events.create_account_result(account), seconds=10)
    assert not done
    struck = len(polled.wire.struck)
    # Time may be over in the middle of the SDK's pauses.
    assert struck in (1, 2, 3) if lasting else struck == 1
    tries = struck if lasting else 2
    asked = [call.parameters["VisibilityTimeout"] for call in polled.wire.named("sqs:ChangeMessageVisibility")]
    assert asked == [30] * (tries if kind == "reset_after" else tries - struck), "what SQS heard"

    polled.wire.heal()
    world.access_role(account)
    assert queues.hand_over(polled, queues.come_again(message))
    assert queues.is_empty(queues.inbox) and queues.is_empty(queues.dead_letters)
    assert "TrelicaIntegration" in iam_state.of(iam_of(account))["roles"]


@pytest.fixture(scope="module")
def members(world):
    """So many accounts that a sweep has several batches; more may come."""
    return {world.create_account_without_role()[0] for _ in range(12)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [LIST, QUEUE], ids=lambda point: point.name)
def test_a_fault_while_it_sweeps(polled, queues, members, point, kind):
    polled.wire.harm(kind, point)
    _, done = given(queues, polled, {"sweep": {}})
    assert done and len(polled.wire.struck) == 1
    swept = _swept(queues)
    assert members <= set(swept)
    twice = sum(times == 2 for times in swept.values())
    assert twice == (10 if (point, kind) == (QUEUE, "reset_after") else 0), "a batch whose answer was lost comes twice"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [LIST, Point(QUEUE.name, QUEUE.of, 2)], ids=lambda point: point.name)
def test_a_sweep_that_cannot_go_on_comes_again(polled, queues, members, point, kind):
    polled.wire.harm(kind, point, lasting=True)
    message, done = given(queues, polled, {"sweep": {}})
    assert not done
    assert len(polled.wire.struck) == 3

    polled.wire.heal()
    swept = _swept(queues)
    assert queues.hand_over(polled, queues.come_again(message))
    swept += _swept(queues)
    assert members <= set(swept)


def _causes(queues):
    return [letter["MessageAttributes"]["CAUSE"]["StringValue"] for letter in queues.letters()]


def _swept(queues):
    """How often each account was queued since the last look."""
    swept = Counter()
    while messages := queues.receive(queues.inbox):
        for message in messages:
            swept[json.loads(message["Body"])["sweep"]["account_id"]] += 1
            queues.sqs.delete_message(QueueUrl=queues.inbox, ReceiptHandle=message["ReceiptHandle"])
    return swept


def _nobody():
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
