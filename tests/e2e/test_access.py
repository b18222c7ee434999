"""The access that results from an onboarding, tested by calling STS as principals that should and should not have it."""

import events
import pytest
from botocore.exceptions import ClientError
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, TRELICA, WORKLOAD_SECURITY

OTHER_ACCOUNT = "999988887777"
VENDORS = [
    ("workload-security", WORKLOAD_SECURITY, "Workload_Security_Role_Cross"),
    ("trelica", TRELICA, "TrelicaIntegration"),
]


@pytest.fixture
def onboarded(function, account):
    assert function.failures(events.batch(events.create_account_result(account))) == []
    return account


def can_assume(sts, account, role, **options):
    """Whether STS allows the caller to assume the role. Any error except AccessDenied fails the test."""
    try:
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="e2e", **options)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return False
    return True


def test_identity_account_can_assume_the_access_role(world, account, function):
    user = world.user_of(IDENTITY)
    assert not can_assume(user, account, ACCESS_ROLE), "not before the onboarding"
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert can_assume(user, account, ACCESS_ROLE)


def test_management_account_can_still_assume_the_access_role(world, onboarded):
    assert can_assume(world.user_of(world.management), onboarded, ACCESS_ROLE)


def test_other_account_cannot_assume_any_role(world, onboarded):
    other = world.user_of(OTHER_ACCOUNT)
    assert not can_assume(other, onboarded, ACCESS_ROLE)
    for vendor, _, role in VENDORS:
        assert not can_assume(other, onboarded, role, ExternalId=EXTERNAL_IDS[vendor])


@pytest.mark.parametrize(("vendor", "principal", "role"), VENDORS)
def test_vendor_can_assume_its_role_only_with_its_external_id(world, onboarded, vendor, principal, role):
    sts = world.user_of(principal)
    assert can_assume(sts, onboarded, role, ExternalId=EXTERNAL_IDS[vendor])
    assert not can_assume(sts, onboarded, role)
    assert not can_assume(sts, onboarded, role, ExternalId="guessed-by-someone")
    assert not can_assume(sts, onboarded, ACCESS_ROLE, ExternalId=EXTERNAL_IDS[vendor])
