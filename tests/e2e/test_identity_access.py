"""Who of the identity account can assume the access role: the stack's parameters for MFA, principals and permission sets, and the
recipes of docs/PREREQUISITES.md. Every role and user here is allowed to assume any role, so that the trust policy decides."""

import re
from itertools import count
from pathlib import Path

import pytest
from people import Person, assumed, role_session
from stack import REGION
from template import Template
from world import ACCESS_ROLE, IDENTITY

PATH = "/aws-reserved/sso.amazonaws.com/"
SUFFIX = "0123456789abcdef"
RECIPES = (Path(__file__).parents[2] / "docs/PREREQUISITES.md").read_text()
_names = count(1)


@pytest.fixture
def arn_of(start, world, account):
    """Onboards the account with a configuration; returns the ARN of its access role."""

    def onboarded(toml):
        report = start(world, world.configure(f"identity-access-{next(_names)}", toml)).report({"account_id": account})
        assert report["outcome"] == "converged", report
        assert report["proofs"] and all(proof["holds"] for proof in report["proofs"]), report["proofs"]
        return f"arn:aws:iam::{account}:role/{ACCESS_ROLE}"

    return onboarded


def generated(**parameters):
    """The configuration that the stack generates."""
    template = Template("111122223333", REGION, IdentityAccountId=IDENTITY, **parameters)
    return template.parameters()["/account-onboarding/onboarding.toml"]


def recipe(title):
    """The configuration of a recipe."""
    (_, text) = RECIPES.split(f"### {title}\n")
    return re.search(r"```toml whole\n(.*?)```", text, re.DOTALL)[1]


def role(world, name, path="/"):
    """A session of a role of the identity account, which is created once."""
    if (name, path) not in _roles:
        _roles[name, path] = role_session(world, IDENTITY, name, path)
    return _roles[name, path]


_roles = {}


def permission_set(world, name, region="", suffix=SUFFIX):
    return role(world, f"AWSReservedSSO_{name}_{suffix}", PATH + region)


@pytest.mark.parametrize("toml", [generated(RequireMfa="true"), recipe("MFA")], ids=["parameters", "recipe"])
def test_mfa_is_required(world, arn_of, toml):
    access_role = arn_of(toml)
    person = Person(world, IDENTITY).allow_everything()
    assert assumed(person.with_mfa(), access_role)
    assert not assumed(person.without_mfa(), access_role), "long-term access keys"
    assert not assumed(person.session_without_mfa(), access_role), "a session without MFA"
    assert not assumed(Person(world, "999988887777").allow_everything().with_mfa(), access_role), "another account"


PLATFORM_ENGINEER = f"arn:aws:iam::{IDENTITY}:role/platform-engineer"


@pytest.mark.parametrize(
    "toml", [generated(IdentityPrincipals=PLATFORM_ENGINEER), recipe("Roles and users")], ids=["parameters", "recipe"]
)
def test_only_the_named_role_has_access(world, arn_of, toml):
    engineer = role(world, "platform-engineer")
    access_role = arn_of(toml)
    assert assumed(engineer, access_role)
    assert not assumed(role(world, "developer"), access_role)
    assert not assumed(Person(world, IDENTITY).allow_everything().with_mfa(), access_role)


def test_named_user_has_access_with_mfa(world, arn_of):
    ann, ben = Person(world, IDENTITY).allow_everything(), Person(world, IDENTITY).allow_everything()
    access_role = arn_of(generated(IdentityPrincipals=f"arn:aws:iam::{IDENTITY}:user/{ann.name}", RequireMfa="true"))
    assert assumed(ann.with_mfa(), access_role)
    assert not assumed(ann.without_mfa(), access_role)
    assert not assumed(ben.with_mfa(), access_role)


@pytest.mark.parametrize(
    "toml",
    [generated(PermissionSets="PlatformEngineer,On-Call"), recipe("Permission sets of IAM Identity Center")],
    ids=["parameters", "recipe"],
)
def test_only_the_permission_sets_have_access(world, arn_of, toml):
    access_role = arn_of(toml)
    assert assumed(permission_set(world, "PlatformEngineer"), access_role)
    again = permission_set(world, "PlatformEngineer", "eu-west-1/", "fedcba9876543210")
    assert assumed(again, access_role), "another region, and assigned again"
    assert assumed(permission_set(world, "On-Call"), access_role)
    for other in ("ReadOnly", "PlatformEngineer_ReadOnly", "NotPlatformEngineer"):
        assert not assumed(permission_set(world, other), access_role), other
    # Only IAM Identity Center can create roles below its path.
    assert not assumed(role(world, f"AWSReservedSSO_PlatformEngineer_{SUFFIX}0", "/"), access_role)
    assert not assumed(role(world, "AWSReservedSSO_PlatformEngineer_aaaabbbbccccdddd", "/"), access_role)
    assert not assumed(Person(world, IDENTITY).allow_everything().with_mfa(), access_role)


def test_permission_sets_and_a_user_with_mfa_for_emergencies(world, arn_of):
    ann = Person(world, IDENTITY).allow_everything()
    arn = f"arn:aws:iam::{IDENTITY}:user/{ann.name}"
    access_role = arn_of(generated(PermissionSets="PlatformEngineer", IdentityPrincipals=arn, RequireMfa="true"))
    assert assumed(permission_set(world, "PlatformEngineer"), access_role)
    assert assumed(ann.with_mfa(), access_role)
    assert not assumed(ann.without_mfa(), access_role)
    assert not assumed(permission_set(world, "ReadOnly"), access_role)


def test_session_tags_can_be_passed(world, arn_of):
    tags = [{"Key": "team", "Value": "payments"}]
    without = Person(world, IDENTITY).allow_everything()
    access_role = arn_of(generated())
    assert not assumed(without.without_mfa(), access_role, Tags=tags), "the trust policy does not allow sts:TagSession"
    assert assumed(without.without_mfa(), arn_of(recipe("Session tags")), Tags=tags)
