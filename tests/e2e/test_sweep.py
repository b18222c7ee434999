"""A sweep over 50 accounts with the real `bootstrap`, SQS and DynamoDB."""

import json
import signal
import time
from collections import Counter

import events
import iam_state
import inbox
import pytest
from fault_proxy import Point
from own_organization import world  # noqa: F401, a fixture
from world import ACCESS_ROLE, root, trust

ACCOUNTS = 50
SECONDS = 60
ROLE = "TrelicaIntegration"
OTHER = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
# A process changes so many accounts of a chunk at the same time, and is killed in the third.
IN_PROGRESS, KILLED_AT = 8, 3


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


def replace_policy(world, account):
    """Drift that takes two changes, one after the other: the other policy is deleted, and then the configured one is put."""
    iam = world.iam_in(account)
    iam.put_role_policy(RoleName=ROLE, PolicyName="Other", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": OTHER}))
    iam.delete_role_policy(RoleName=ROLE, PolicyName=ROLE)


def policies(world, accounts):
    """The inline policies of a vendor's role in each account."""
    return {account: set(iam_state.role(world.iam_in(account), ROLE)["inline"]) for account in accounts}


def chunk_with(queues, function, account):
    """Delivers the messages of a sweep, except the chunks; returns the chunk that contains an account."""
    queues.put({"sweep": {}})
    chunks = []
    while messages := queues.receive(queues.inbox):
        for message in messages:
            if "accounts" in json.loads(message["Body"])["sweep"]:
                chunks.append(message)
            else:
                assert queues.deliver(function, message, SECONDS)
    (chunk,) = [chunk for chunk in chunks if account in chunk["Body"]]
    return chunk


def test_function_that_is_killed_during_a_chunk_loses_no_account(start, polled, queues, world, accounts, request):
    sweep(queues, polled)
    chunk = chunk_with(queues, polled, accounts[10])
    drifted = {account["id"] for account in json.loads(chunk["Body"])["sweep"]["accounts"]} & set(accounts[1:])
    assert len(drifted) > IN_PROGRESS + KILLED_AT
    for account in drifted:
        replace_policy(world, account)

    # The process is killed when IAM has made the first change of the third account, and before it gets the answer.
    polled.wire.process = polled.process
    polled.wire.inject("crash_after", Point("iam:DeleteRolePolicy", f"{ROLE}/Other", KILLED_AT))
    polled.api.deliver({"Records": [events.received(chunk)]}, SECONDS)
    assert polled.process.wait(SECONDS) == -signal.SIGKILL
    polled.wire.wait()
    left = policies(world, drifted)
    half_done = [account for account, found in left.items() if found == set()]
    untouched = [account for account, found in left.items() if found == {"Other"}]
    assert half_done and len(untouched) >= len(drifted) - IN_PROGRESS - KILLED_AT, left
    assert all("lease_owner" in world.record(account) for account in half_done)

    # The message becomes visible again after its visibility timeout, when the leases of the killed process have expired.
    for account in drifted:
        if owner := world.record(account).get("lease_owner"):
            world.put_lease(account, owner, time.time() - 1)
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    name = request.node.name.replace("_", "-")[-60:]
    again = start(world, environment=world.template.environment(**urls), role=name)
    assert queues.deliver(again, queues.redeliver(chunk), SECONDS)
    assert queues.receive(queues.inbox) == [], "no account gets a message of its own"
    assert policies(world, drifted) == dict.fromkeys(drifted, {ROLE})
    assert {world.record(account)["outcome"] for account in drifted} == {"converged"}
    assert not [account for account in half_done if "lease_owner" in world.record(account)]
    made = Counter((call.name, call.resource) for wire in (polled.wire, again.wire) for call in wire.writes())
    once = [("iam:DeleteRolePolicy", f"{ROLE}/Other"), ("iam:PutRolePolicy", f"{ROLE}/{ROLE}")]
    assert made == dict.fromkeys(once, len(drifted)), "no change is made twice"
