"""A variable of the module accepts exactly the values that the template's parameter accepts."""

import json
import re

import pytest

import cloudformation
import terraform
from scenarios import BOOLEANS, IDENTITY, Scenario, snake_case

EXTERNAL_IDS = ["ab", "a", "x" * 1224, "x" * 1225, "a b", "a/b:c@d", "ab\n"]
SAMPLES = {
    "IdentityAccountId": [IDENTITY, "22223333444", "2222333344445", "22223333444a"],
    "IdentityPrincipals": [
        f"arn:aws:iam::{IDENTITY}:role/teams/Admin",
        f"arn:aws-us-gov:iam::{IDENTITY}:role/Admin,arn:aws-us-gov:iam::{IDENTITY}:user/ann@example.com",
        IDENTITY,
        f"arn:aws:iam::{IDENTITY}:root",
        f"arn:aws:iam::{IDENTITY}:group/admins",
        f"arn:aws:iam::{IDENTITY}:role/*",
        f"arn:aws:iam::{IDENTITY}:role/a,",
        'arn:aws:iam::1:role/a"',
    ],
    "PermissionSets": ["Admin", "On-Call,Read_Only", "x" * 32, "x" * 33, "a b", "*", "a/b", 'a"'],
    "RequireMfa": ["true", "false", "yes"],
    "AccessRoleName": [
        "Ops",
        "path/Ops",
        "a b",
        "x" * 64,
        "x" * 65,
        "AWSControlTowerExecution",
        "AWSControlTowerExecution2",
        "awscontroltowerexecution",
        "AWSCONTROLTOWEREXECUTION",
    ],
    "OtherAccessRoleNames": ["One", "One,Two,Three,Four", "One,Two,Three,Four,Five", "a/b", "a b", "*", "x" * 65],
    "ExcludedAccountIds": ["333344445555", "333344445555,444455556666", "3333", "333344445555,,444455556666"],
    "WorkloadSecurityExternalId": EXTERNAL_IDS,
    "WorkloadSecurityRegion": ["us-1", "gb-1", "us-east-1"],
    "TrelicaExternalId": EXTERNAL_IDS,
    "ConfigurationParameterName": [
        "/a",
        "/platform/onboarding.toml",
        "a",
        "/",
        "/a/",
        "/a b",
        "/account-onboarding/own.toml",
        "/account-onboarding/onboarding.toml",
        "/account-onboarding/onboarding.toml/own",
        "/account-onboarding/trelica/external-id",
        "/account-onboarding/workload-security/external-id",
        "/account-onboarding/leases/444455556666",
        "/account-onboarding/notified/444455556666",
    ],
    "ManagementRoleArn": [
        f"arn:aws:iam::{IDENTITY}:role/account-onboarding-management",
        f"arn:aws-us-gov:iam::{IDENTITY}:role/path/hop",
        f"arn:aws:iam::{IDENTITY}:user/hop",
        f"arn:aws:iam::{IDENTITY}:role/*",
        "account-onboarding-management",
        'arn:aws:iam::1:role/a"',
    ],
    "NotificationEmail": ["platform@example.com", "platform", "a@b", "a b@c.d", "a@b.c,d@e.f"],
    "Sweep": ["DISABLED", "REPORT", "APPLY", "report"],
    "SweepSchedule": ["rate(1 day)", "cron(0 4 * * ? *)", "daily", "rate()"],
    "Architecture": ["x86_64", "arm64", "aarch64"],
    "MaximumConcurrency": ["1", "2", "1000", "1001"],
    "LogRetentionDays": ["1", "2", "90", "3653"],
}
PARAMETERS = cloudformation.template()["Parameters"]


def accepted(parameter, value):
    """Whether CloudFormation accepts a value."""
    if pattern := parameter.get("AllowedPattern"):
        return re.fullmatch(pattern.replace("$", r"\Z"), value) is not None
    if values := parameter.get("AllowedValues"):
        return value in map(str, values)
    return parameter["MinValue"] <= int(value) <= parameter["MaxValue"]


def test_samples_cover_every_parameter_both_ways():
    assert set(SAMPLES) == set(PARAMETERS)
    for name, values in SAMPLES.items():
        assert {accepted(PARAMETERS[name], value) for value in values} == {True, False}, name


@pytest.fixture(scope="module")
def results(module):
    """The result of each sample's `run` block, which expects what the template does."""
    blocks = [
        'mock_provider "aws" {\n  override_data {\n    target = data.aws_region.current\n'
        '    values = { id = "us-east-1" }\n  }\n}\nvariables {\n  package_path = "versions.tf"\n}\n'
    ]
    # A value of the wrong type ends the test, so the last run is the one with it.
    for name in sorted(SAMPLES, key=lambda name: name in BOOLEANS):
        blocks += [_run(name, index, value) for index, value in enumerate(SAMPLES[name])]
    (module / "tests" / "rules.tftest.hcl").write_text("\n".join(blocks))
    output = terraform.run(module, "test", "-json", "-filter=tests/rules.tftest.hcl", check=False).stdout
    (module / "tests" / "rules.tftest.hcl").unlink()
    messages = [json.loads(line) for line in output.splitlines()]
    runs = [message["test_run"] for message in messages if message["type"] == "test_run"]
    return {run["run"]: run["status"] for run in runs if run.get("progress") == "complete"}


def _run(name, index, value):
    variables = Scenario("", parameters={name: value}).variables()
    lines = "\n".join(f"    {variable} = {json.dumps(content)}" for variable, content in variables.items())
    is_checked = not accepted(PARAMETERS[name], value) and name not in BOOLEANS
    refused = f"  expect_failures = [var.{snake_case(name)}]\n" if is_checked else ""
    return f'run "{name}_{index}" {{\n  command = plan\n  variables {{\n{lines}\n  }}\n{refused}}}\n'


@pytest.mark.parametrize("name", SAMPLES)
def test_variable_accepts_what_the_parameter_accepts(results, name):
    wrong = [value for index, value in enumerate(SAMPLES[name]) if results[f"{name}_{index}"] != _result(name, value)]
    assert wrong == [], "accepted by one and refused by the other"


def _result(name, value):
    """Terraform refuses what is not a boolean before it reads the rules of the variable."""
    return "error" if name in BOOLEANS and not accepted(PARAMETERS[name], value) else "pass"
