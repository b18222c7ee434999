"""The function's sessions in a member account: least privilege, and compatible with the default trust policy of the access
role."""

import re

import events
import pytest
from botocore.exceptions import ClientError
from world import ACCESS_ROLE, trust

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def forbidden_calls(account):
    """Calls that no onboarding makes: other roles, other resource types, more permissions for the access role."""
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
def assume_calls(function, account):
    """The successful AssumeRole calls of one onboarding."""
    assert function.failures(events.batch(events.create_account_result(account))) == []
    calls = [call for call in function.wire.named("sts:AssumeRole") if call.status == 200]
    assert calls
    return calls


def test_session_has_no_parameters_that_the_default_trust_denies(assume_calls):
    for call in assume_calls:
        words = {name.split(".")[0] for name in call.parameters}
        assert words <= {"Version", "RoleArn", "RoleSessionName", "DurationSeconds", "Policy"}, words
        assert call.parameters["DurationSeconds"] == "900"
        assert call.parameters["RoleSessionName"].startswith("account-onboarding")
        assert len(call.parameters["Policy"]) <= 2048


def test_session_is_denied_other_calls(world, account, iam, assume_calls):
    iam.create_role(RoleName="Bystander", AssumeRolePolicyDocument=trust(account))
    for call in assume_calls:
        member = _session(world, call.parameters)
        # The session works: it can read its own roles.
        for role in re.findall(r":role/([\w]+)", call.parameters["Policy"]):
            member.get_role(RoleName=role)
        for method, arguments in forbidden_calls(account):
            with pytest.raises(ClientError) as denied:
                getattr(member, method)(**arguments)
            assert denied.value.response["Error"]["Code"] == "AccessDenied", (method, denied.value)


def test_function_role_is_denied_other_calls(world):
    credentials = world.credentials()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "iam", credentials).list_roles()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "organizations", credentials).list_roots()
    with pytest.raises(ClientError, match="AccessDenied"):
        _client(world, "sts", credentials).assume_role(
            RoleArn=f"arn:aws:iam::{world.management}:role/{ACCESS_ROLE}", RoleSessionName="e2e"
        )


def test_function_role_cannot_assume_a_role_of_the_management_account_that_trusts_it(world):
    iam = world.server.client("iam", world.management)
    iam.create_role(RoleName="AWSControlTowerExecution", AssumeRolePolicyDocument=trust("*"))
    with pytest.raises(ClientError, match="explicit deny|AccessDenied"):
        _client(world, "sts", world.credentials()).assume_role(
            RoleArn=f"arn:aws:iam::{world.management}:role/AWSControlTowerExecution", RoleSessionName="e2e"
        )


def _session(world, parameters):
    """A session like the function's, with the same session policy."""
    kept = {name: parameters[name] for name in ("RoleArn", "RoleSessionName", "Policy")}
    sts = _client(world, "sts", world.credentials())
    return _client(world, "iam", sts.assume_role(**kept, DurationSeconds=900)["Credentials"])


def _client(world, service, credentials):
    return world.server.client(
        service, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
