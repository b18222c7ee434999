"""The sample payloads in events/, which the README refers to: each has the effect that its name suggests."""

import json
from pathlib import Path

import iam_state
import pytest
from world import ACCESS_ROLE, IDENTITY, root

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE_ACCOUNT = "444455556666"


def sample(name, account, request=None):
    """A sample with the ids of this organization, replaced in the text because a batch contains JSON within JSON."""
    text = (EVENTS / f"{name}.json").read_text().replace(SAMPLE_ACCOUNT, account)
    if request:
        created = json.loads(text)["detail"]["responseElements"]["createAccountStatus"]
        text = text.replace(created["id"], request)
    return json.loads(text)


@pytest.mark.parametrize("name", ["create-account-result-succeeded", "create-account", "manual", "sqs-batch"])
def test_sample_onboards_the_account(function, world, iam_of, name):
    account, request = world.create_account()
    function.report(sample(name, account, request if name == "create-account" else None))
    assert root(IDENTITY) in str(iam_state.role(iam_of(account), ACCESS_ROLE)["trust"])
    assert "TrelicaIntegration" in iam_state.snapshot(iam_of(account))["roles"]


@pytest.mark.parametrize("name", ["create-account-result-failed", "invite-account-to-organization", "manual-plan"])
def test_sample_changes_nothing(function, account, name):
    function.report(sample(name, account))
    assert function.wire.writes() == []
