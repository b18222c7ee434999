"""The queue between SQS and Lambda: retries with growing visibility timeouts, the dead-letter queue, redrives and sweeps."""

import json
import re
from collections import Counter

import events
import iam_state
import inbox
import pytest
from fault_proxy import Point
from own_organization import world  # noqa: F401, a fixture
from world import ACCESS_ROLE


@pytest.fixture
def name(request):
    """The name of this test's queues and role."""
    return re.sub("[^a-zA-Z]+", "-", request.node.name).strip("-")[-60:]


@pytest.fixture
def queues(world, name):
    return inbox.Queues(world, name)


@pytest.fixture
def polled(start, world, queues, name):
    return inbox.polled(start, world, queues, name)


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
    is_twice = (point, kind) == (ENQUEUE, "reset_after")
    assert twice > 0 if is_twice else twice == 0, "a chunk whose response was lost is sent twice"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [LIST_ACCOUNTS, ENQUEUE], ids=lambda point: point.name)
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
            swept.update(account["id"] for account in json.loads(message["Body"])["sweep"]["accounts"])
            queues.sqs.delete_message(QueueUrl=queues.inbox, ReceiptHandle=message["ReceiptHandle"])
    return swept


def _other_trust():
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
