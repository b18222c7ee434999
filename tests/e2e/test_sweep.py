"""A sweep over 50 accounts with the real `bootstrap`, SQS and DynamoDB."""

import json

import iam_state
import inbox
import pytest
import stack
from world import ACCESS_ROLE, World, root, trust

ACCOUNTS = 50
SECONDS = 60


@pytest.fixture(scope="module")
def world():
    """Uses its own organization, because a sweep visits every account."""
    server = stack.ministack()
    yield World.deployed(server)
    server.stop()


@pytest.fixture(scope="module")
def accounts(world):
    return [world.create_account(f"member-{index:02}")[0] for index in range(ACCOUNTS)]


@pytest.fixture
def queues(world, request):
    return inbox.Queues(world, request.node.name.replace("_", "-")[-60:])


@pytest.fixture
def polled(start, world, queues, request):
    return inbox.polled(start, world, queues, request.node.name.replace("_", "-")[-60:])


def sweep(queues, function):
    """Sweeps the organization; returns the bodies of the messages of the sweep."""
    queues.put({"sweep": {}})
    (message,) = queues.receive(queues.inbox)
    assert queues.deliver(function, message, SECONDS)
    bodies = []
    while messages := queues.receive(queues.inbox):
        for message in messages:
            bodies.append(message["Body"])
            assert queues.deliver(function, message, SECONDS)
    return [json.loads(body)["sweep"] for body in bodies]


def records(world, accounts):
    return {account: world.record(account) for account in accounts}


def test_sweep_over_fifty_accounts(polled, queues, world, accounts):
    blocked, *others = accounts
    not_ours = trust(root("111122223333"))
    world.iam_in(blocked).create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=not_ours)

    messages = sweep(queues, polled)
    chunks = [message["accounts"] for message in messages if "accounts" in message]
    assert all(len(chunk) <= 25 for chunk in chunks)
    assert len(chunks) == ACCOUNTS // 20 + 1, "one for each page of ListAccounts"
    listed = [account["id"] for chunk in chunks for account in chunk]
    assert sorted(set(listed) & set(accounts)) == sorted(accounts) and len(listed) == len(set(listed))
    for account in others:
        assert {"TrelicaIntegration", ACCESS_ROLE} <= set(iam_state.snapshot(world.iam_in(account))["roles"])
    (letter,) = queues.peek_dead_letters()
    assert json.loads(letter["Body"]) == {"sweep": {"account_id": blocked}}
    assert letter["MessageAttributes"]["CAUSE"]["StringValue"] == "foreign_role"
    first = records(world, accounts)
    assert {account for account, record in first.items() if record["outcome"] == "converged"} == set(others)
    assert first[blocked]["code"] == "foreign_role"

    # The second sweep finds the same: the records are read and written together, and nothing else is asked or written.
    polled.wire.calls.clear()
    assert [message["accounts"] for message in sweep(queues, polled)] == chunks
    count = lambda name: len([call for call in polled.wire.named(name) if call.status == 200])  # noqa: E731
    assert polled.wire.writes() == []
    assert count("dynamodb:BatchGetItem") == len(chunks)
    assert count("dynamodb:TransactWriteItems") == len(chunks)
    assert count("organizations:DescribeAccount") <= len(chunks) + 2, "the organization, and the blocked account"
    assert len(queues.peek_dead_letters()) == 1, "the cause was notified before"
    second = records(world, accounts)
    for account in others:
        assert second[account]["last_converged"] >= first[account]["last_converged"]
        assert second[account]["first_converged"] == first[account]["first_converged"]
        assert "lease_owner" not in second[account]
    assert queues.is_empty(queues.inbox)


def test_function_that_is_killed_during_a_chunk_loses_no_account(start, polled, queues, world, accounts, request):
    drifted = accounts[1:26]
    for account in drifted:
        iam = world.iam_in(account)
        for policy in iam.list_role_policies(RoleName="TrelicaIntegration")["PolicyNames"]:
            iam.delete_role_policy(RoleName="TrelicaIntegration", PolicyName=policy)
    expected = set(iam_state.snapshot(world.iam_in(accounts[30]))["roles"])
    queues.put({"sweep": {}})
    (message,) = queues.receive(queues.inbox)
    assert queues.deliver(polled, message, SECONDS)
    polled.process.kill()

    # The chunks are delivered to another process.
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    name = request.node.name.replace("_", "-")[-60:]
    again = start(world, environment=world.template.environment(**urls), role=name)
    assert queues.work(again, seconds=SECONDS) == []
    for account in drifted:
        iam = world.iam_in(account)
        assert set(iam_state.snapshot(iam)["roles"]) == expected
        assert iam.list_role_policies(RoleName="TrelicaIntegration")["PolicyNames"]
