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
def asking(world, vendor, registering):
    """The same, with the external ID of the vendor's API, and with the settings of a registration."""
    configuration = f"""
        [[access-role.grant]]
        principal = "{IDENTITY}"

        [vendors.workload-security.registration]
        url = "{vendor.url}"
        own-host = true
        api-key = {{ ssm-parameter = "{PARAMETER}" }}
        workspaces = true
        display-name = "AWS {{account-name}} {{account-id}}"
    """
    vendor.returned_external_id = vendor.external_id
    return registering | world.configure("asking", configuration) | {"ONBOARDING_SWEEP": "apply"}


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


def test_external_id_of_the_api_is_used_and_hidden(start, world, vendor, asking, account, iam):
    function = start(world, asking)
    report = function.report({"account_id": account})
    assert report["outcome"] == "converged"
    (connector,) = vendor.connectors_of(account)
    assert connector["workspacesEnabled"] is True
    assert connector["displayName"] == f"AWS payments-dev {account}"
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": vendor.external_id}}
    assert vendor.external_id not in function.printed() + str(report)

    settings = [path for path, _ in vendor.requests if path == "GET /api/awsconnectorsettings"]
    assert function.report({"account_id": account})["changes"] == []
    again = [path for path, _ in vendor.requests if path == "GET /api/awsconnectorsettings"]
    assert len(again) == len(settings), "it is asked once a minute"


def test_settings_that_were_changed_in_the_console_are_restored(start, world, vendor, asking, account):
    function = start(world, asking)
    function.report({"account_id": account})
    (connector,) = vendor.connectors_of(account)
    connector |= {"workspacesEnabled": False, "displayName": "renamed"}
    plan = function.report({"account_id": account, "mode": "plan"})
    (change,) = plan["changes"]
    assert change["call"] == "workload-security:ModifyAwsConnector"
    assert "display name" in change["summary"] and "Amazon WorkSpaces" in change["summary"]
    assert function.report({"account_id": account})["outcome"] == "converged"
    (connector,) = vendor.connectors_of(account)
    assert connector["workspacesEnabled"] is True and connector["displayName"] == f"AWS payments-dev {account}"


def test_report_says_whether_the_vendor_reads_the_account(start, world, vendor, asking, account):
    function = start(world, asking)
    report = function.report({"account_id": account})
    assert any("has not read the account yet" in notice for notice in report["notices"])
    vendor.synchronize()
    report = function.report({"account_id": account})
    assert not any("has not read" in notice for notice in report["notices"])
    (proof,) = [proof for proof in report["proofs"] if proof["expected"] == "registered"]
    assert "last read the account at 20" in proof["sentence"]


@pytest.mark.parametrize("answer", [None, 7, True, ["x"], "", "x", "two words", "x" * 1225, "a*"])
def test_answer_that_is_not_an_external_id_blocks_only_the_role(start, world, vendor, asking, account, iam, answer):
    vendor.returned_external_id = answer
    report = start(world, asking).report({"account_id": account})
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "vendor_refused")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=ROLE)
    assert [change["call"] for change in report["changes"]] == ["iam:UpdateAssumeRolePolicy"]
    assert vendor.connectors_of(account) == []


def test_registration_of_a_closed_account_is_removed(start, world, vendor, asking, account):
    function = start(world, asking)
    assert function.failures(events.batch(events.create_account_result(account))) == []
    assert len(vendor.connectors_of(account)) == 1
    assert list(world.record(account)["registrations"]) == [ROLE]
    departed = events.batch(events.sample(account, "account-departed-left"))
    assert function.failures(departed) == []
    assert len(vendor.connectors_of(account)) == 1, "the account is still a member"

    world.server.client("organizations", world.management).close_account(AccountId=account)
    assert function.failures(departed) == []
    assert vendor.connectors_of(account) == []
    assert world.record(account)["registrations"] == {}


def test_registration_that_a_person_made_is_left(start, world, vendor, asking, account):
    function = start(world, asking)
    assert function.failures(events.batch(events.create_account_result(account))) == []
    (connector,) = vendor.connectors_of(account)
    del vendor.connectors[connector["ID"]]
    theirs = connector | {"ID": 9000}
    vendor.connectors[9000] = theirs
    world.server.client("organizations", world.management).close_account(AccountId=account)
    assert function.failures(events.batch(events.sample(account, "account-departed-left"))) == []
    assert vendor.connectors_of(account) == [theirs]
    assert "no record says that this tool did that" in function.printed()
    del vendor.connectors[9000]
