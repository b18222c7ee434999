"""prerequisites.yaml deployed by CloudFormation in the identity account and in the management account: who can use it."""

import json
import subprocess
from itertools import count
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from people import Person, assumed, session
from test_command_line import ONBOARD
from world import ACCESS_ROLE, root

TEMPLATE = (Path(__file__).parents[2] / "prerequisites.yaml").read_text()
GROUP = "platform"
_accounts = count(555500000001)


def deploy(world, account, kind, template=TEMPLATE, **parameters):
    """Deploys the template in an account; returns its outputs."""
    client = world.server.client("cloudformation", account)
    values = {"Account": kind, **parameters}
    client.create_stack(
        StackName="prerequisites",
        TemplateBody=template,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items() if f"  {name}:\n" in template],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    client.get_waiter("stack_create_complete").wait(StackName="prerequisites", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (stack,) = client.describe_stacks(StackName="prerequisites")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


@pytest.fixture
def owner(world):
    """A new account with a group of people: an identity account, or a management account."""
    account = str(next(_accounts))
    world.server.client("iam", account).create_group(GroupName=GROUP)
    return account


@pytest.fixture
def member(world, owner):
    """A member account whose access role trusts the account, with session tags."""
    account, _ = world.create_account_without_role()
    statement = {"Effect": "Allow", "Principal": {"AWS": root(owner)}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    for role in (ACCESS_ROLE, "Other"):
        world.server.client("iam", account).create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
    return account


def arn(account, role=ACCESS_ROLE):
    return f"arn:aws:iam::{account}:role/{role}"


@pytest.mark.parametrize("kind", ["identity", "management"])
def test_group_assumes_the_access_role_with_mfa_only(world, owner, member, kind):
    person = Person(world, owner, GROUP)
    assert not assumed(person.with_mfa(), arn(member)), "not before the deployment"
    deploy(world, owner, kind, GroupNames=GROUP)

    assert assumed(person.with_mfa(), arn(member))
    assert not assumed(person.without_mfa(), arn(member)), "long-term access keys"
    assert not assumed(person.session_without_mfa(), arn(member)), "a session without MFA"
    assert not assumed(person.with_mfa(), arn(member, "Other")), "another role"
    assert not assumed(Person(world, owner).with_mfa(), arn(member)), "a user who is not in the group"


def test_code_can_be_given_to_assume_role_as_profiles_with_mfa_serial_do(world, owner, member):
    deploy(world, owner, "identity", GroupNames=GROUP)
    person, other = Person(world, owner, GROUP), Person(world, owner, GROUP)
    sts = person.without_mfa()
    assert assumed(sts, arn(member), SerialNumber=person.serial, TokenCode="123456")
    assert not assumed(sts, arn(member), SerialNumber=person.serial, TokenCode="12345x")
    assert not assumed(sts, arn(member), SerialNumber=other.serial, TokenCode="123456"), "the device of another user"


@pytest.mark.parametrize("kind", ["identity", "management"])
def test_mfa_is_not_required_if_the_parameter_is_false(world, owner, member, kind):
    deploy(world, owner, kind, GroupNames=GROUP, RequireMfa="false")
    assert assumed(Person(world, owner, GROUP).without_mfa(), arn(member))


@pytest.mark.parametrize("mfa", ["true", "false"])
def test_session_tag_must_be_the_persons_own(world, owner, member, mfa):
    deploy(world, owner, "identity", GroupNames=GROUP, SessionTagKey="team", RequireMfa=mfa)
    person = Person(world, owner, GROUP, tags={"team": "payments"})
    sts = person.with_mfa() if mfa == "true" else person.without_mfa()

    def tagged(**tags):
        return assumed(sts, arn(member), Tags=[{"Key": key, "Value": value} for key, value in tags.items()])

    assert tagged(team="payments")
    assert not tagged(team="security"), "the tag of another team"
    assert not tagged(), "no tag"
    assert not tagged(team="payments", role="admin"), "a second tag"
    own = [{"Key": "team", "Value": "payments"}]
    assert bool(assumed(person.without_mfa(), arn(member), Tags=own)) == (mfa == "false")
    untagged = Person(world, owner, GROUP)
    assert not assumed(untagged.with_mfa(), arn(member), Tags=own), "a user without the tag"


def test_account_creation_role_is_assumed_with_mfa_and_creates_accounts_only(world, owner):
    outputs = deploy(world, owner, "management", AccountCreationGroupNames=GROUP)
    role = outputs["AccountCreationRoleArn"]
    assert role == arn(owner, "account-creation")
    person = Person(world, owner, GROUP)
    assert not assumed(person.without_mfa(), role)
    assert not assumed(person.session_without_mfa(), role)
    assert not assumed(Person(world, owner).with_mfa(), role), "a user who is not in the group"
    # The trust policy requires MFA, whatever another policy allows the user.
    assert not assumed(Person(world, owner).allow_everything().without_mfa(), role)

    organizations = session(world, assumed(person.with_mfa(), role), "organizations")
    status = organizations.create_account(Email=f"new-{owner}@example.com", AccountName="new")["CreateAccountStatus"]
    progress = organizations.describe_create_account_status(CreateAccountRequestId=status["Id"])
    assert progress["CreateAccountStatus"]["AccountName"] == "new"
    for call in ("list_accounts", "list_roots", "describe_organization"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(organizations, call)()


def test_account_creation_role_without_mfa(world, owner):
    role = deploy(world, owner, "management", AccountCreationGroupNames=GROUP, RequireMfa="false")["AccountCreationRoleArn"]
    assert assumed(Person(world, owner, GROUP).without_mfa(), role)


def test_application_role_assumes_its_target_and_nothing_else(world, owner):
    deploy(world, owner, "identity", ApplicationService="ec2.amazonaws.com")
    iam = world.server.client("iam", owner)
    trusted = iam.get_role(RoleName="app-pipeline")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert (trusted["Principal"], trusted["Action"]) == ({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
    # Only the service can assume the role, and the emulator has no instances; so a user of the account plays its part.
    assert not assumed(Person(world, owner).allow_everything().with_mfa(), arn(owner, "app-pipeline"))
    trusted["Principal"], trusted["Condition"] = {"AWS": root(owner)}, {}
    iam.update_assume_role_policy(
        RoleName="app-pipeline", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    )
    application = session(world, assumed(Person(world, owner).allow_everything().with_mfa(), arn(owner, "app-pipeline")))

    account, _ = world.create_account_without_role()
    trust = {"Effect": "Allow", "Principal": {"AWS": arn(owner, "app-pipeline")}, "Action": "sts:AssumeRole"}
    for role in ("app-deployer", ACCESS_ROLE):
        world.server.client("iam", account).create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
    assert assumed(application, arn(account, "app-deployer"))
    assert not assumed(application, arn(account))


def test_printed_document_works_when_it_is_created_manually(world, owner, member):
    """With the calls of the AWS CLI, where the other tests deploy the template."""
    command = [ONBOARD, "prerequisites", "show", "identity-access-policy", "--format", "json"]
    document = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    iam = world.server.client("iam", owner)
    policy = iam.create_policy(PolicyName="assume-access-role", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName=GROUP, PolicyArn=policy)
    person = Person(world, owner, GROUP)
    assert assumed(person.with_mfa(), arn(member))
    assert not assumed(person.without_mfa(), arn(member))


def test_template_of_one_prerequisite_can_be_deployed(world, owner, member):
    command = [ONBOARD, "prerequisites", "show", "identity-access-policy", "--require-mfa", "false"]
    template = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    deploy(world, owner, "identity", template, GroupNames=GROUP)
    assert assumed(Person(world, owner, GROUP).without_mfa(), arn(member))
