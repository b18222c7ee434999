"""The function runs outside the management account and acts through the role of management.yaml."""

import json

import events
import iam_state
import pytest
import stack
from function import Function
from template import Template
from world import ACCESS_ROLE, IDENTITY, MANAGEMENT, World, for_ministack, root

ROLE = "account-onboarding-management"
EXTERNAL_ID = "3e7ac2f0-e2e-external-id"
PARAMETER = "/account-onboarding/management/external-id"
FUNCTION_ROLE = f"arn:aws:iam::{IDENTITY}:role/function"


class OtherAccount:
    """The main stack in the identity account. Its accounts are created in the management account."""

    def __init__(self):
        self.server = stack.ministack()
        self.organization = World.deployed(self.server)
        role = f"arn:aws:iam::{MANAGEMENT}:role/{ROLE}"
        self.template = Template(IDENTITY, stack.REGION, IdentityAccountId=IDENTITY, ManagementRoleArn=role)
        self.world = World(self.server, self.template)
        self.world.function_role("function")
        ssm = self.server.client("ssm", IDENTITY)
        for name, value in self.template.parameters().items():
            ssm.put_parameter(Name=name, Value=value, Type="String")
        ssm.put_parameter(Name=PARAMETER, Value=EXTERNAL_ID, Type="SecureString")
        self.server.client("events", IDENTITY).create_event_bus(Name=self.template.event_bus())
        self.server.client("dynamodb", IDENTITY).create_table(**self.template.table())

    def deploy_management(self, function_role=FUNCTION_ROLE, external_id=EXTERNAL_ID):
        """Creates or changes the role as management.yaml has it."""
        values = {"FunctionRoleArn": function_role, "ExternalId": external_id}
        resources = Template(MANAGEMENT, stack.REGION, "management.yaml", **values).resources
        role = resources["ManagementRole"]["Properties"]
        assert role["RoleName"] == ROLE
        iam = self.server.client("iam", MANAGEMENT)
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        if any(existing["RoleName"] == ROLE for existing in iam.list_roles()["Roles"]):
            iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=trust)
        else:
            iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
        for policy in role["Policies"]:
            document = for_ministack(policy["PolicyDocument"])
            iam.put_role_policy(RoleName=ROLE, PolicyName=policy["PolicyName"], PolicyDocument=document)

    def start(self):
        environment = self.template.environment() | {"ONBOARDING_EVENT_BUS": ""}
        return Function(self.server, self.world.credentials(), environment, IDENTITY)


@pytest.fixture(scope="module")
def other():
    other = OtherAccount()
    yield other
    other.server.stop()


@pytest.fixture
def function(other):
    function = other.start()
    yield function
    function.stop()


def test_new_account_is_onboarded_through_the_role(other, function):
    other.deploy_management()
    account, _ = other.organization.create_account()

    assert function.failures(events.batch(events.create_account_result(account))) == []

    access_role = iam_state.role(other.server.client("iam", account), ACCESS_ROLE)
    principals = [statement["Principal"] for statement in access_role["trust"]["Statement"]]
    assert principals == [{"AWS": [root(MANAGEMENT), root(IDENTITY)]}]
    report = function.report({"account_id": account})
    assert (report["outcome"], report["changes"]) == ("converged", [])
    assert EXTERNAL_ID not in function.printed()
    assumed = [call.parameters["RoleArn"] for call in function.wire.calls if call.name == "sts:AssumeRole"]
    assert sum(arn.endswith(f"/{ROLE}") for arn in assumed) == 1, "one session of the role serves every account"


@pytest.mark.parametrize(
    "values",
    [{"external_id": "another-external-id-x"}, {"function_role": f"arn:aws:iam::{IDENTITY}:role/another"}],
    ids=["external ID", "function"],
)
def test_account_is_not_called_without_the_role(other, function, values):
    other.deploy_management(**values)
    account, _ = other.organization.create_account()
    before = iam_state.snapshot(other.server.client("iam", account))

    report = function.report({"account_id": account})

    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "management_role_denied")
    assert "management.yaml" in report["cause"]["remedy"]
    assert iam_state.snapshot(other.server.client("iam", account)) == before
