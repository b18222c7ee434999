"""An account is registered with a vendor's API, which assumes the role through STS before it accepts the registration."""

import events
import pytest
from vendor import Vendor
from world import EXTERNAL_IDS, IDENTITY, WORKLOAD_SECURITY

KEY = "tmc12:e2e/s3cret-key=="
PARAMETER = "/account-onboarding/workload-security/api-key"
ROLE = "Workload_Security_Role_Cross"


@pytest.fixture(scope="module")
def vendor(world):
    """The vendor acts as an IAM user of the vendor's account that is allowed to assume any role."""
    vendor = Vendor(world.user_of(WORKLOAD_SECURITY), KEY, EXTERNAL_IDS["workload-security"])
    yield vendor
    vendor.close()


@pytest.fixture
def registering(world, vendor):
    """The function's environment, with a configuration that has a registration."""
    ssm = world.server.client("ssm", world.management)
    ssm.put_parameter(Name=PARAMETER, Value=KEY, Type="SecureString", Overwrite=True)
    vendor.faults.clear()
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


def test_new_account_is_registered_once(function, vendor, account):
    batch = events.batch(events.create_account_result(account))
    assert function.failures(batch) == []
    (connector,) = vendor.connectors_of(account)
    assert connector["crossAccountRoleArn"] == f"arn:aws:iam::{account}:role/{ROLE}"
    assert connector["displayName"] == f"payments-dev ({account})"

    before = len(vendor.requests)
    assert function.failures(batch) == []
    assert [path for path, _ in vendor.requests[before:]] == ["/api/awsconnectors/search"]
    assert len(vendor.connectors_of(account)) == 1 and KEY not in function.printed()


def test_failing_vendor_is_retried(function, vendor, account):
    vendor.faults += [503, 429, 400]
    report = function.report({"account_id": account}, 60)
    assert (report["outcome"], len(vendor.connectors_of(account))) == ("converged", 1)
    assert report["changes"][-1]["call"] == "workload-security:CreateAwsConnector"
    assert {change["status"] for change in report["changes"]} == {"done"}


def test_vendor_that_keeps_failing_ends_as_waiting_with_its_role_created(function, vendor, account, iam):
    vendor.faults += [503] * 20
    report = function.report({"account_id": account}, 12)
    assert (report["outcome"], report["cause"]["code"]) == ("waiting", "vendor_not_ready")
    assert iam.get_role(RoleName=ROLE) and vendor.connectors_of(account) == []
    vendor.faults.clear()
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert len(vendor.connectors_of(account)) == 1


def test_lost_response_registers_once(function, vendor, account):
    vendor.faults.append("hang up")
    report = function.report({"account_id": account}, 60)
    assert (report["outcome"], len(vendor.connectors_of(account))) == ("converged", 1)
    assert {change["status"] for change in report["changes"]} == {"done"}


def test_rejected_key_blocks_and_is_not_shown(function, world, vendor, account, iam):
    wrong = "another:s3cret-key"
    ssm = world.server.client("ssm", world.management)
    ssm.put_parameter(Name=PARAMETER, Value=wrong, Type="SecureString", Overwrite=True)
    report = function.report({"account_id": account})
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "vendor_key_refused")
    assert iam.get_role(RoleName=ROLE) and vendor.connectors_of(account) == []
    assert "s3cret" not in function.printed() + str(report)


def test_foreign_registration_is_left_alone(function, vendor, account):
    theirs = {"ID": 7000, "accountId": account, "displayName": "theirs", "crossAccountRoleArn": "arn:aws:iam::1:role/x"}
    vendor.connectors[7000] = theirs
    report = function.report({"account_id": account})
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "foreign_registration")
    assert vendor.connectors_of(account) == [theirs]
    del vendor.connectors[7000]


def test_plan_shows_the_registration_and_does_not_register(function, vendor, account):
    report = function.report({"account_id": account, "mode": "plan"})
    assert report["changes"][-1]["call"] == "workload-security:CreateAwsConnector"
    assert vendor.connectors_of(account) == []
