"""An account is registered with a vendor's API, which enters the role through a real STS before it takes it."""

import events
import pytest
from vendor import Vendor
from world import EXTERNAL_IDS, IDENTITY, WORKLOAD_SECURITY

KEY = "tmc12:e2e/s3cret-key=="
PARAMETER = "/account-onboarding/workload-security/api-key"
ROLE = "Workload_Security_Role_Cross"


@pytest.fixture(scope="module")
def vendor(world):
    """The vendor's people are a user in the vendor's account, whom its policies let assume any role."""
    vendor = Vendor(world.person_of(WORKLOAD_SECURITY), KEY, EXTERNAL_IDS["workload-security"])
    yield vendor
    vendor.close()


@pytest.fixture
def registering(world, vendor):
    """The function's environment, with a configuration that registers."""
    ssm = world.server.client("ssm", world.management)
    ssm.put_parameter(Name=PARAMETER, Value=KEY, Type="SecureString", Overwrite=True)
    vendor.troubles.clear()
    configuration = f"""
        [[access-role.grant]]
        principal = "{IDENTITY}"

        [vendors.workload-security]
        external-id = {{ ssm-parameter = "/account-onboarding/workload-security/external-id" }}

        [vendors.workload-security.registration]
        url = "{vendor.url}"
        own-host = true
        api-key = {{ ssm-parameter = "{PARAMETER}" }}
    """
    return world.template.environment() | world.configure("registering", configuration)


@pytest.fixture
def function(start, world, registering):
    return start(world, registering)


def test_a_new_account_is_registered_once_its_role_can_be_entered(function, vendor, account):
    batch = events.batch(events.create_account_result(account))
    assert function.failures(batch) == []
    (connector,) = vendor.of(account)
    assert connector["crossAccountRoleArn"] == f"arn:aws:iam::{account}:role/{ROLE}"
    assert connector["displayName"] == f"payments-dev ({account})"

    before = len(vendor.requests)
    assert function.failures(batch) == []
    assert [path for path, _ in vendor.requests[before:]] == ["/api/awsconnectors/search"]
    assert len(vendor.of(account)) == 1 and KEY not in function.printed()


def test_a_vendor_in_trouble_is_waited_for(function, vendor, account):
    vendor.troubles += [503, 429, 400]
    report = function.report({"account_id": account}, 60)
    assert (report["outcome"], len(vendor.of(account))) == ("converged", 1)
    assert report["changes"][-1]["call"] == "workload-security:CreateAwsConnector"
    assert {change["status"] for change in report["changes"]} == {"done"}


def test_a_vendor_that_is_not_ready_ends_as_waiting_and_the_role_stands(function, vendor, account, iam):
    vendor.troubles += [503] * 20
    report = function.report({"account_id": account}, 12)
    assert (report["outcome"], report["cause"]["code"]) == ("waiting", "vendor_not_ready")
    assert iam.get_role(RoleName=ROLE) and vendor.of(account) == []
    vendor.troubles.clear()
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert len(vendor.of(account)) == 1


def test_an_answer_that_is_lost_registers_nothing_twice(function, vendor, account):
    vendor.troubles.append("hang up")
    report = function.report({"account_id": account}, 60)
    assert (report["outcome"], len(vendor.of(account))) == ("converged", 1)
    assert {change["status"] for change in report["changes"]} == {"done"}


def test_a_key_that_is_refused_needs_a_person_and_shows_nowhere(function, world, vendor, account, iam):
    wrong = "another:s3cret-key"
    ssm = world.server.client("ssm", world.management)
    ssm.put_parameter(Name=PARAMETER, Value=wrong, Type="SecureString", Overwrite=True)
    report = function.report({"account_id": account})
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "vendor_key_refused")
    assert iam.get_role(RoleName=ROLE) and vendor.of(account) == []
    assert "s3cret" not in function.printed() + str(report)


def test_what_somebody_else_registered_is_left_alone(function, vendor, account):
    theirs = {"ID": 7000, "accountId": account, "displayName": "theirs", "crossAccountRoleArn": "arn:aws:iam::1:role/x"}
    vendor.connectors[7000] = theirs
    report = function.report({"account_id": account})
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "foreign_registration")
    assert vendor.of(account) == [theirs]
    del vendor.connectors[7000]


def test_a_plan_shows_it_and_tells_nobody(function, vendor, account):
    report = function.report({"account_id": account, "mode": "plan"})
    assert report["changes"][-1]["call"] == "workload-security:CreateAwsConnector"
    assert vendor.of(account) == []
