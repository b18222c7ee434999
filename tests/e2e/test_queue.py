"""The queue between SQS and Lambda: retries with growing visibility timeouts, the dead-letter queue, redrives and sweeps."""

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
    """The stack's inbox and dead-letter queue; `work` plays Lambda's poller."""

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
        """Receives messages, which hides them for the visibility timeout."""
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["All"],
            **asked,
        )
        return answer.get("Messages", [])

    def peek_dead_letters(self):
        """Up to ten messages of the dead-letter queue, which stay visible."""
        return self.receive(self.dead_letters, VisibilityTimeout=0)

    def redrive(self):
        """Moves every dead letter to the inbox, like StartMessageMoveTask, which ministack does not support."""
        while letters := self.receive(self.dead_letters):
            for letter in letters:
                self.put(letter["Body"])
                self.sqs.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=letter["ReceiptHandle"])

    def is_empty(self, url):
        """Whether the queue has no messages, visible or in flight."""
        numbers = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=numbers)
        return all(answer["Attributes"][number] == "0" for number in numbers)

    def redeliver(self, message):
        """Ends the visibility timeout of a message, and receives it again."""
        receipt = message["ReceiptHandle"]
        self.sqs.change_message_visibility(QueueUrl=self.inbox, ReceiptHandle=receipt, VisibilityTimeout=0)
        (again,) = self.receive(self.inbox)
        assert again["MessageId"] == message["MessageId"]
        return again

    def deliver(self, function, message, seconds=20):
        """Delivers a message; returns whether it was processed, and deletes it then."""
        failed = function.failures({"Records": [events.received(message)]}, seconds=seconds)
        assert failed in ([], [message["MessageId"]])
        if not failed:
            self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return not failed

    def work(self, function, seconds=20, rounds=50):
        """Delivers the visible messages one at a time, and returns those that were not processed."""
        failed_messages = []
        for _ in range(rounds):
            messages = self.receive(self.inbox, most=1)
            if not messages:
                return failed_messages
            failed_messages += [message for message in messages if not self.deliver(function, message, seconds)]
        raise AssertionError("the queue does not become empty")


@pytest.fixture(scope="module")
def world():
    """Uses its own organization, because a sweep visits every account."""
    server = stack.ministack()
    yield World.deployed(server)
    server.stop()


@pytest.fixture
def name(request):
    """The name of this test's queues and role."""
    return re.sub("[^a-zA-Z]+", "-", request.node.name).strip("-")[-60:]


@pytest.fixture
def queues(world, name):
    return Queues(world, name)


@pytest.fixture
def polled(start, world, queues, name):
    """The function as in the stack, with the template's permissions on these queues."""
    world.function_role(name)
    (document,) = world.template.permissions().values()
    on = {"DelayAndSendMessages": queues.arn(queues.inbox), "SendDeadLetters": queues.arn(queues.dead_letters)}
    statements = [{**one, "Resource": on[one["Sid"]]} for one in document["Statement"] if one["Sid"] in on]
    # On AWS, SendMessageBatch needs only sqs:SendMessage; ministack checks it as an action of its own.
    batch = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": on["DelayAndSendMessages"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements, batch]})
    iam = world.server.client("iam", world.management)
    iam.put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=policy)
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    return start(world, environment=world.template.environment(**urls), role=name, wire=FaultProxy)


def test_processed_message_is_deleted(polled, queues, account, iam):
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    assert "TrelicaIntegration" in iam_state.snapshot(iam)["roles"]
    assert queues.is_empty(queues.dead_letters)


def test_blocked_message_moves_to_the_dead_letters_and_a_redrive_finishes_it(polled, queues, account, iam):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_other_trust())
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == [], "it is not retried automatically"
    (letter,) = queues.peek_dead_letters()
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["CAUSE"] == "foreign_role"
    assert "TrelicaIntegration" in attributes["MESSAGE"] and attributes["REMEDY"]

    iam.delete_role(RoleName="TrelicaIntegration")
    queues.redrive()
    assert queues.is_empty(queues.dead_letters)
    assert queues.work(polled) == []
    assert queues.is_empty(queues.dead_letters), "it is not moved again"
    assert "TrelicaIntegration" in iam_state.snapshot(iam)["roles"]


def test_invalid_message_moves_to_the_dead_letters_and_is_isolated(polled, queues, account, iam):
    queues.put("not json")
    queues.put(events.create_account_result(account))
    assert queues.work(polled) == []
    (letter,) = queues.peek_dead_letters()
    assert letter["Body"] == "not json"
    assert letter["MessageAttributes"]["CAUSE"]["StringValue"] == "invalid_message"
    assert "TrelicaIntegration" in iam_state.snapshot(iam)["roles"]


def test_account_that_is_not_ready_is_delayed_and_retried(polled, queues, world, iam_of):
    account, _ = world.create_account_without_role()
    queues.put(events.create_account_result(account))
    (message,) = queues.work(polled, seconds=8)
    (delayed,) = polled.wire.named("sqs:ChangeMessageVisibility")
    assert delayed.parameters["VisibilityTimeout"] == 30

    world.access_role(account)
    again = queues.redeliver(message)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert queues.deliver(polled, again)
    assert queues.is_empty(queues.inbox)
    assert "TrelicaIntegration" in iam_state.snapshot(iam_of(account))["roles"]


def test_sweep_onboards_an_account_whose_event_was_lost(polled, queues, account, iam):
    queues.put({"sweep": {}})
    queues.work(polled, seconds=8, rounds=500)
    assert polled.wire.named("organizations:ListAccounts")
    assert "TrelicaIntegration" in iam_state.snapshot(iam)["roles"]
    assert ACCESS_ROLE in iam_state.snapshot(iam)["roles"]


KINDS = ("throttled", "unavailable", "reset_before", "reset_after")
MOVE_TO_DEAD_LETTERS = Point("sqs:SendMessage", "the caller", 1)
DELAY = Point("sqs:ChangeMessageVisibility", "the caller", 1)
LIST_ACCOUNTS = Point("organizations:ListAccounts", "the caller", 1)
ENQUEUE = Point("sqs:SendMessageBatch", "the caller", 1)


def deliver_new(queues, function, body, seconds=20):
    """Sends and delivers a message; returns it, and whether it was processed."""
    queues.put(body)
    (message,) = queues.receive(queues.inbox)
    return message, queues.deliver(function, message, seconds)


@pytest.mark.parametrize("kind", KINDS)
def test_fault_while_moving_to_the_dead_letters(polled, queues, account, iam, kind):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_other_trust())
    polled.wire.inject(kind, MOVE_TO_DEAD_LETTERS)
    _, done = deliver_new(queues, polled, events.create_account_result(account))
    assert done and len(polled.wire.faulted_calls) == 1
    # A lost response makes the SDK send the message twice.
    assert _causes(queues) == ["foreign_role"] * (2 if kind == "reset_after" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_message_that_cannot_be_moved_is_retried(polled, queues, account, iam, kind):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=_other_trust())
    polled.wire.inject(kind, MOVE_TO_DEAD_LETTERS, lasting=True)
    message, done = deliver_new(queues, polled, events.create_account_result(account))
    assert not done
    arrived = 3 if kind == "reset_after" else 0  # one for each attempt of the SDK
    assert _causes(queues) == ["foreign_role"] * arrived

    polled.wire.reset_faults()
    assert queues.deliver(polled, queues.redeliver(message))
    assert _causes(queues) == ["foreign_role"] * (arrived + 1)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize("kind", KINDS)
def test_fault_while_delaying_a_message(polled, queues, world, iam_of, kind, lasting):
    account, _ = world.create_account_without_role()
    polled.wire.inject(kind, DELAY, lasting)
    message, done = deliver_new(queues, polled, events.create_account_result(account), seconds=10)
    assert not done
    faulted = len(polled.wire.faulted_calls)
    # The deadline can pass during the SDK's backoff.
    assert faulted in (1, 2, 3) if lasting else faulted == 1
    tries = faulted if lasting else 2
    asked = [call.parameters["VisibilityTimeout"] for call in polled.wire.named("sqs:ChangeMessageVisibility")]
    assert asked == [30] * (tries if kind == "reset_after" else tries - faulted), "the requests that reached SQS"

    polled.wire.reset_faults()
    world.access_role(account)
    assert queues.deliver(polled, queues.redeliver(message))
    assert queues.is_empty(queues.inbox) and queues.is_empty(queues.dead_letters)
    assert "TrelicaIntegration" in iam_state.snapshot(iam_of(account))["roles"]


@pytest.fixture(scope="module")
def members(world):
    """Enough accounts for several batches of a sweep. Other tests may add more."""
    return {world.create_account_without_role()[0] for _ in range(12)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [LIST_ACCOUNTS, ENQUEUE], ids=lambda point: point.name)
def test_fault_during_a_sweep(polled, queues, members, point, kind):
    polled.wire.inject(kind, point)
    _, done = deliver_new(queues, polled, {"sweep": {}})
    assert done and len(polled.wire.faulted_calls) == 1
    swept = _swept(queues)
    assert members <= set(swept)
    twice = sum(times == 2 for times in swept.values())
    assert twice == (10 if (point, kind) == (ENQUEUE, "reset_after") else 0), "a batch whose response was lost is sent twice"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [LIST_ACCOUNTS, Point(ENQUEUE.name, ENQUEUE.resource, 2)], ids=lambda point: point.name)
def test_sweep_that_cannot_continue_is_retried(polled, queues, members, point, kind):
    polled.wire.inject(kind, point, lasting=True)
    message, done = deliver_new(queues, polled, {"sweep": {}})
    assert not done
    assert len(polled.wire.faulted_calls) == 3

    polled.wire.reset_faults()
    swept = _swept(queues)
    assert queues.deliver(polled, queues.redeliver(message))
    swept += _swept(queues)
    assert members <= set(swept)


def _causes(queues):
    return [letter["MessageAttributes"]["CAUSE"]["StringValue"] for letter in queues.peek_dead_letters()]


def _swept(queues):
    """How often each account was queued since the last call. Empties the queue."""
    swept = Counter()
    while messages := queues.receive(queues.inbox):
        for message in messages:
            swept[json.loads(message["Body"])["sweep"]["account_id"]] += 1
            queues.sqs.delete_message(QueueUrl=queues.inbox, ReceiptHandle=message["ReceiptHandle"])
    return swept


def _other_trust():
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
