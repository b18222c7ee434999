"""Custom roles (`[[role]]`): created with every setting, repaired after drift, assumable only by the trusted principal."""

import json

import iam_state
import pytest
from botocore.exceptions import ClientError
from world import IDENTITY, root, trust

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
DEPLOY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": "*"}]}
CONFIGURATION = f"""
[[access-role.grant]]
principal = "{IDENTITY}"

[[role]]
name = "app-deployer"
path = "/apps/"
description = "Deploys applications"
max-session-seconds = 7200
permissions-boundary = "arn:{{partition}}:iam::aws:policy/PowerUserAccess"
managed-policies = ["arn:{{partition}}:iam::aws:policy/ReadOnlyAccess"]
policies = {{ "deploy" = '''{json.dumps(DEPLOY)}''' }}
tags = {{ team = "platform" }}

[[role.trust]]
principal = "{IDENTITY}"
"""


AUTHENTICATOR = f"""
[[access-role.grant]]
principal = "{IDENTITY}"

[[role]]
name = "app-access"
policies = {{ "deploy" = '''{json.dumps(DEPLOY)}''' }}

[[role.trust]]
principal = "arn:{{partition}}:iam::{IDENTITY}:role/authenticator"
"""


@pytest.fixture
def account(moto_world):
    """On moto, because ministack supports neither paths nor the condition keys iam:PolicyARN and iam:PermissionsBoundary."""
    return moto_world.create_account_without_role()[0]


@pytest.fixture
def iam(moto_world, account):
    return moto_world.iam_in(account)


@pytest.fixture
def function(start, moto_world):
    # With its records, the function knows the roles that it created, so that a drifted one has no sessions to revoke.
    records = {"ONBOARDING_TABLE": moto_world.template.table()["TableName"]}
    return start(moto_world, moto_world.configure("own-roles", CONFIGURATION) | records)


def test_custom_role_is_created_as_configured(function, account, iam):
    assert function.report({"account_id": account})["outcome"] == "converged"

    role = iam_state.role(iam, "app-deployer")
    (statement,) = role["trust"]["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"AWS": root(IDENTITY)}, "sts:AssumeRole")
    assert (role["path"], role["description"], role["max_session_seconds"]) == ("/apps/", "Deploys applications", 7200)
    assert role["boundary"]["PermissionsBoundaryArn"] == "arn:aws:iam::aws:policy/PowerUserAccess"
    assert (role["inline"], role["attached"]) == ({"deploy": DEPLOY}, [READ_ONLY])
    assert role["tags"] == {"account-onboarding": "role/app-deployer", "team": "platform"}

    again = function.report({"account_id": account})
    assert (again["outcome"], again["changes"]) == ("converged", [])


def test_drifted_role_is_repaired(function, account, iam):
    assert function.report({"account_id": account})["outcome"] == "converged"
    made = iam_state.role(iam, "app-deployer")

    iam.put_role_policy(RoleName="app-deployer", PolicyName="added-manually", PolicyDocument=json.dumps(DEPLOY))
    iam.attach_role_policy(RoleName="app-deployer", PolicyArn=AUDIT)
    iam.detach_role_policy(RoleName="app-deployer", PolicyArn=READ_ONLY)
    iam.put_role_permissions_boundary(RoleName="app-deployer", PermissionsBoundary=READ_ONLY)
    iam.update_role(RoleName="app-deployer", Description="Mine now", MaxSessionDuration=3600)
    iam.tag_role(RoleName="app-deployer", Tags=[{"Key": "team", "Value": "shadow"}])

    report = function.report({"account_id": account})

    assert report["outcome"] == "converged", report
    repaired = iam_state.role(iam, "app-deployer")
    # The boundary is not the configured one: earlier sessions are revoked before it is replaced.
    assert list(repaired["inline"].pop("AWSRevokeOlderSessions")) == ["Version", "Statement"]
    assert repaired == made


def test_only_the_trusted_role_of_an_account_can_assume_it(start, world):
    account, _ = world.create_account()
    world.server.client("iam", IDENTITY).create_role(
        RoleName="authenticator", AssumeRolePolicyDocument=trust(root(IDENTITY))
    )
    anything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}],
    }
    world.server.client("iam", IDENTITY).put_role_policy(
        RoleName="authenticator", PolicyName="assume", PolicyDocument=json.dumps(anything)
    )

    report = start(world, world.configure("authenticator", AUTHENTICATOR)).report({"account_id": account})
    assert report["outcome"] == "converged", report

    user = world.user_of(IDENTITY)
    arn = f"arn:aws:iam::{IDENTITY}:role/authenticator"
    keys = user.assume_role(RoleArn=arn, RoleSessionName="e2e")["Credentials"]
    authenticator = world.server.client("sts", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    access = {"RoleArn": f"arn:aws:iam::{account}:role/app-access", "RoleSessionName": "e2e"}
    assert authenticator.assume_role(**access)["AssumedRoleUser"]
    with pytest.raises(ClientError, match="AccessDenied"):
        user.assume_role(**access)
