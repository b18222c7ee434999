"""An organization on an emulator with the stack deployed, and accounts that are created in it."""

import json
from dataclasses import dataclass
from itertools import count

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from stack import REGION
from template import ROOT, Template

MANAGEMENT = "111122223333"
IDENTITY = "222233334444"
WORKLOAD_SECURITY = "147995105371"
TRELICA = "377450845233"
ACCESS_ROLE = "OrganizationAccountAccessRole"
EXTERNAL_IDS = {"workload-security": "ws-0f3b9c27:e2e/secret", "trelica": "trelica-7d41+e2e=secret"}


def trust(*principals):
    """A trust policy. A single principal is a string, as in the policy that Organizations creates."""
    aws = principals[0] if len(principals) == 1 else list(principals)
    statement = {"Effect": "Allow", "Principal": {"AWS": aws}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def root(account):
    return f"arn:aws:iam::{account}:root"


@dataclass(frozen=True)
class World:
    """An emulator with the stack deployed: the function's role, permissions and parameters from template.yaml."""

    server: object
    template: Template

    @classmethod
    def deployed(cls, server, management=MANAGEMENT):
        template = Template(
            management,
            REGION,
            IdentityAccountId=IDENTITY,
            WorkloadSecurityExternalId=EXTERNAL_IDS["workload-security"],
            TrelicaExternalId=EXTERNAL_IDS["trelica"],
        )
        world = cls(server, template)
        world.function_role("function")
        for name, value in template.parameters().items():
            kind = "SecureString" if name.endswith("/external-id") else "String"
            server.client("ssm", management).put_parameter(Name=name, Value=value, Type=kind)
        server.client("events", management).create_event_bus(Name=template.event_bus())
        server.client("dynamodb", management).create_table(**template.table())
        return world

    @property
    def management(self):
        return self.template.management_account

    def function_role(self, role, without=None):
        """Creates a role with the published permissions, except the statement `without`."""
        iam = self.server.client("iam", self.management)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(root(self.management)))
        for name, document in self.template.permissions().items():
            statements = [one for one in document["Statement"] if one["Sid"] != without]
            document = for_ministack({**document, "Statement": statements})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    def operator_role(self):
        """Creates a role with the permissions of operator-policy.json."""
        iam = self.server.client("iam", self.management)
        iam.create_role(RoleName="operator", AssumeRolePolicyDocument=trust(root(self.management)))
        document = for_ministack(json.loads((ROOT / "operator-policy.json").read_text()))
        iam.put_role_policy(RoleName="operator", PolicyName="operator", PolicyDocument=document)
        return self.credentials("operator")

    def credentials(self, role="function"):
        """The function's credentials: a session of its role. Root keys would bypass every policy in the emulator."""
        arn = f"arn:aws:iam::{self.management}:role/{role}"
        sts = self.server.client("sts", self.management)
        return sts.assume_role(RoleArn=arn, RoleSessionName="account-onboarding")["Credentials"]

    def configure(self, name, toml):
        """Stores another configuration, under the only path that the function may read."""
        name = f"/account-onboarding/{name}.toml"
        self.server.client("ssm", self.management).put_parameter(Name=name, Value=toml, Type="String", Overwrite=True)
        return {"ONBOARDING_CONFIG_PARAMETER": name}

    def record(self, subject):
        """The record of an account, as plain values; empty if there is none."""
        dynamodb = self.server.client("dynamodb", self.management)
        key = {"subject": {"S": subject}}
        item = dynamodb.get_item(TableName=self.template.table()["TableName"], Key=key, ConsistentRead=True).get("Item", {})
        return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}

    def put_lease(self, account, owner, expires_at):
        """Writes the lease of an account, as another run would."""
        item = {"subject": account, "lease_owner": owner, "lease_expires_at": int(expires_at)}
        item = {name: TypeSerializer().serialize(value) for name, value in {**self.record(account), **item}.items()}
        self.server.client("dynamodb", self.management).put_item(TableName=self.template.table()["TableName"], Item=item)

    def create_account(self, name="payments-dev"):
        """Creates an account with its access role; returns the account ID and the id of the creation request."""
        account, request = self.create_account_without_role(name)
        self.access_role(account)
        return account, request

    def create_account_without_role(self, name="payments-dev"):
        organizations = self.server.client("organizations", self.management)
        status = organizations.create_account(Email=f"{name}-{next(_emails)}@example.com", AccountName=name)
        status = status["CreateAccountStatus"]
        return status["AccountId"], status["Id"]

    def access_role(self, account, trusted=None):
        iam = self.server.client("iam", account)
        policy = trusted or trust(root(self.management))
        iam.create_role(RoleName=ACCESS_ROLE, AssumeRolePolicyDocument=policy)
        iam.attach_role_policy(RoleName=ACCESS_ROLE, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    def iam_in(self, account):
        """An IAM client for an account, through its access role."""
        arn = f"arn:aws:iam::{account}:role/{ACCESS_ROLE}"
        sts = self.server.client("sts", self.management)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="e2e")["Credentials"]
        return self.server.client("iam", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def user_of(self, account):
        """An STS client for a new IAM user of `account` whose policy allows it to assume any role."""
        iam = self.server.client("iam", account)
        name = f"user-{next(_users)}"
        anything = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])


_emails = count(1)
_users = count(1)


def for_ministack(document):
    """Adapts the published permissions to ministack, which authorizes DescribeAccount on the organization instead of the
    account, ListOrganizationalUnitsForParent on no unit, and ssm:GetParameters on every resource instead of each parameter,
    and does not set lambda:SourceFunctionArn, which only Lambda can set. tests/template/conditions.rs evaluates the conditions as published. The condition of events:PutEvents
    stays, see extended_ministack.py."""
    document = json.loads(json.dumps(document))
    for statement in list(document["Statement"]):
        if "organizations:DescribeAccount" in statement["Action"]:
            accounts = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
            statement["Resource"] = sorted({*accounts, *(arn.replace(":account/*", ":organization/*") for arn in accounts)})
        if "ssm:GetParameters" in statement["Action"]:
            document["Statement"].append({"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"})
        if statement["Action"] == "organizations:ListOrganizationalUnitsForParent":
            statement["Resource"] = "*"
        if "ArnEquals" in statement.get("Condition", {}):
            del statement["Condition"]["ArnEquals"]
        if statement.get("Condition") == {}:
            del statement["Condition"]
    return json.dumps(document)
