"""The deployments that are compared: values of the template's parameters, and a partition, region and account."""

import re
from dataclasses import dataclass, field

ACCOUNT = "111122223333"
IDENTITY = "222233334444"


@dataclass(frozen=True)
class Scenario:
    name: str
    partition: str = "aws"
    region: str = "us-east-1"
    parameters: dict = field(default_factory=dict)
    """Values of the template's parameters, as strings."""

    def template_parameters(self):
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": "account-onboarding",
            "IdentityAccountId": IDENTITY,
            **self.parameters,
        }

    def variables(self):
        """The same as variables of the module."""
        given = {"IdentityAccountId": IDENTITY, **self.parameters}
        return {snake_case(name): _variable(name, value) for name, value in given.items()}


def snake_case(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# Parameters whose variables are lists, and those whose variables are booleans.
LISTS = ("ExcludedAccountIds", "OtherAccessRoleNames", "IdentityPrincipals", "PermissionSets")
BOOLEANS = ("RequireMfa",)


def _variable(name, value):
    if name in LISTS:
        return value.split(",")
    if name in BOOLEANS:
        return {"true": True, "false": False}.get(value, value)
    return int(value) if name in ("MaximumConcurrency", "LogRetentionDays") else value


SCENARIOS = [
    Scenario("defaults"),
    Scenario(
        "everything",
        partition="aws-us-gov",
        region="us-gov-west-1",
        parameters={
            "AccessRoleName": "Ops",
            "OtherAccessRoleNames": "AcquiredAdmin,Legacy",
            "IdentityPrincipals": f"arn:aws-us-gov:iam::{IDENTITY}:user/teams/bo,arn:aws-us-gov:iam::{IDENTITY}:user/ann",
            "PermissionSets": "PlatformEngineer,On-Call",
            "RequireMfa": "true",
            "ExcludedAccountIds": "333344445555,444455556666",
            "WorkloadSecurityExternalId": "ws-0f3b9c27:x/y",
            "WorkloadSecurityRegion": "us-1",
            "TrelicaExternalId": "trelica-7d41+x=y",
            "NotificationEmail": "platform@example.com",
            "Architecture": "arm64",
            "MaximumConcurrency": "12",
            "Sweep": "APPLY",
            "SweepSchedule": "cron(0 4 * * ? *)",
            "LogRetentionDays": "365",
        },
    ),
    Scenario(
        "own_configuration",
        partition="aws-cn",
        region="cn-northwest-1",
        parameters={
            "ConfigurationParameterName": "/platform/onboarding",
            "TrelicaExternalId": "trelica-7d41",
            "ExcludedAccountIds": "333344445555",
            "Sweep": "DISABLED",
        },
    ),
    Scenario("mfa", parameters={"RequireMfa": "true"}),
    Scenario("roles", parameters={"IdentityPrincipals": f"arn:aws:iam::{IDENTITY}:role/teams/Admin,arn:aws:iam::{IDENTITY}:user/ann"}),
    Scenario("other_account", parameters={"ManagementRoleArn": "arn:aws:iam::999988887777:role/account-onboarding-management"}),
    Scenario("external_id_of_the_api", parameters={"WorkloadSecurityRegion": "de-1"}),
    Scenario("permission_sets", parameters={"PermissionSets": "PlatformEngineer"}),
    Scenario(
        "control_tower",
        parameters={
            "AccessRoleName": "AWSControlTowerExecution",
            "ExcludedAccountIds": "333344445555",
            "WorkloadSecurityExternalId": "ws-0f3b9c27",
        },
    ),
]
