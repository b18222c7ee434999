"""The sessions in which the function acts in a member account: cut to its work, and shaped so that the default trust of
the access role lets them in."""

import re

import events
import pytest
from botocore.exceptions import ClientError
from world import ACCESS_ROLE, trust

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def outside(account):
    """Steps that no onboarding takes: other roles, other kinds of things, more power for the role it came by."""
    return [
        ("create_user", {"UserName": "intruder"}),
        ("list_roles", {}),
        ("create_role", {"RoleName": "Intruder", "AssumeRolePolicyDocument": trust(account)}),
        ("get_role", {"RoleName": "Bystander"}),
        ("put_role_policy", {"RoleName": "Bystander", "PolicyName": "more", "PolicyDocument": ALLOW_ALL}),
        ("update_assume_role_policy", {"RoleName": "Bystander", "PolicyDocument": trust("*")}),
        ("delete_role", {"RoleName": "TrelicaIntegration"}),
        ("put_role_policy", {"RoleName": ACCESS_ROLE, "PolicyName": "more", "PolicyDocument": ALLOW_ALL}),
        ("attach_role_policy", {"RoleName": ACCESS_ROLE, "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    ]


@pytest.fixture
def entered(function, account):
    """The AssumeRole calls of one onboarding, as they went over the wire."""
    assert function.failures(events.batch(events.create_account_result(account))) == []
    calls = [call for call in function.wire.named("sts:AssumeRole") if call.status == 200]
    assert calls
    return calls


def test_no_session_carries_what_the_default_trust_denies(entered):
    for call in entered:
        words = {name.split(".")[0] for name in call.parameters}
        assert words <= {"Version", "RoleArn", "RoleSessionName", "DurationSeconds", "Policy"}, words
        assert call.parameters["DurationSeconds"] == "900"
        assert call.parameters["RoleSessionName"].startswith("account-onboarding")
        assert len(call.parameters["Policy"]) <= 2048


def test_a_session_that_steps_outside_is_denied(world, account, iam, entered):
    iam.create_role(RoleName="Bystander", AssumeRolePolicyDocument=trust(account))
    for call in entered:
        member = _session(world, call.parameters)
        # The session holds: it may look at the roles that it came for.
        for role in re.findall(r":role/([\w]+)", call.parameters["Policy"]):
            member.get_role(RoleName=role)
        for step, arguments in outside(account):
            with pytest.raises(ClientError) as denied:
                getattr(member, step)(**arguments)
            assert denied.value.response["Error"]["Code"] == "AccessDenied", (step, denied.value)


def test_the_function_itself_can_do_nothing_else(world):
    credentials = world.credentials()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "iam", credentials).list_roles()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "organizations", credentials).list_roots()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "sts", credentials).assume_role(
            RoleArn=f"arn:aws:iam::{world.management}:role/{ACCESS_ROLE}", RoleSessionName="e2e"
        )


def test_the_management_account_is_out_of_reach_even_where_its_role_would_let_it_in(world):
    iam = world.server.client("iam", world.management)
    iam.create_role(RoleName="AWSControlTowerExecution", AssumeRolePolicyDocument=trust("*"))
    with pytest.raises(ClientError, match="explicit deny|AccessDenied"):
        _client(world, "sts", world.credentials()).assume_role(
            RoleArn=f"arn:aws:iam::{world.management}:role/AWSControlTowerExecution", RoleSessionName="e2e"
        )


def _session(world, parameters):
    """A session just like the function's, with the very policy that it sent."""
    kept = {name: parameters[name] for name in ("RoleArn", "RoleSessionName", "Policy")}
    sts = _client(world, "sts", world.credentials())
    return _client(world, "iam", sts.assume_role(**kept, DurationSeconds=900)["Credentials"])


def _client(world, service, credentials):
    return world.server.client(
        service, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
