"""The proof that nobody can argue with: STS itself, asked by those who may enter and by those who may not."""

import events
import pytest
from botocore.exceptions import ClientError
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, TRELICA, WORKLOAD_SECURITY

STRANGER = "999988887777"
VENDORS = [
    ("workload-security", WORKLOAD_SECURITY, "Workload_Security_Role_Cross"),
    ("trelica", TRELICA, "TrelicaIntegration"),
]


@pytest.fixture
def connected(function, account):
    assert function.failures(events.batch(events.create_account_result(account))) == []
    return account


def enters(sts, account, role, **how):
    """Whether STS lets the caller in. Only a clear denial is a no."""
    try:
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="e2e", **how)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return False
    return True


def test_the_identity_account_enters_the_access_role(world, account, function):
    person = world.person_of(IDENTITY)
    assert not enters(person, account, ACCESS_ROLE), "not before"
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert enters(person, account, ACCESS_ROLE)


def test_the_management_account_still_enters(world, connected):
    assert enters(world.person_of(world.management), connected, ACCESS_ROLE)


def test_a_stranger_enters_nothing(world, connected):
    stranger = world.person_of(STRANGER)
    assert not enters(stranger, connected, ACCESS_ROLE)
    for vendor, _, role in VENDORS:
        assert not enters(stranger, connected, role, ExternalId=EXTERNAL_IDS[vendor])


@pytest.mark.parametrize(("vendor", "principal", "role"), VENDORS)
def test_a_vendor_enters_its_role_with_its_external_id_alone(world, connected, vendor, principal, role):
    sts = world.person_of(principal)
    assert enters(sts, connected, role, ExternalId=EXTERNAL_IDS[vendor])
    assert not enters(sts, connected, role)
    assert not enters(sts, connected, role, ExternalId="guessed-by-someone")
    assert not enters(sts, connected, ACCESS_ROLE, ExternalId=EXTERNAL_IDS[vendor])
