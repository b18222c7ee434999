"""What `onboard prerequisites show --format terraform` prints: formatted, valid, and the policies of the JSON format."""

import json
import os
import subprocess

import pytest

import terraform
from terraform import ROOT

PARTITION = "aws-us-gov"
ACCOUNTS = {"identity": "222233334444", "management": "111122223333"}
# Arguments by the name of a folder, which begins with the account. Policies of roles that exist are printed without the role.
VARIANTS = {
    **{account: ["--for", account] for account in ACCOUNTS},
    **{f"{account}_no_mfa": ["--for", account, "--require-mfa", "false"] for account in ACCOUNTS},
    "identity_session_tag": ["--for", "identity", "--session-tag", "team"],
    "identity_existing_role": ["identity-access-policy", "application-policy"],
    "management_existing_role": ["management-access-policy", "account-creation-policy"],
}


def show(*arguments):
    onboard = ROOT / os.environ.get("ONBOARD", "target/debug/onboard")
    command = [onboard, "prerequisites", "show", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with each variant as a module, and a test that plans each without AWS."""
    folder = tmp_path_factory.mktemp("prerequisites")
    versions = (terraform.MODULE / "versions.tf").read_text().replace(terraform.ALLOWED, terraform.TESTED)
    (folder / "versions.tf").write_text(versions)
    modules = [f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in VARIANTS]
    (folder / "main.tf").write_text("\n".join(modules))
    for name, arguments in VARIANTS.items():
        (folder / name).mkdir()
        (folder / name / "main.tf").write_text(show("--format", "terraform", *arguments))
    (folder / "tests").mkdir()
    (folder / "tests" / "plan.tftest.hcl").write_text("".join([*map(provider, ACCOUNTS), *map(run, VARIANTS)]))
    terraform.init(folder)
    return folder


def provider(account):
    return f"""
mock_provider "aws" {{
  alias = "{account}"
  override_data {{
    target = data.aws_partition.current
    values = {{ partition = "{PARTITION}" }}
  }}
  override_data {{
    target = data.aws_caller_identity.current
    values = {{ account_id = "{ACCOUNTS[account]}" }}
  }}
}}
"""


def run(name):
    return f"""
run "{name}" {{
  command = plan
  module {{
    source = "./{name}"
  }}
  providers = {{ aws = aws.{account_of(name)} }}
}}
"""


def account_of(name):
    return name.partition("_")[0]


def test_resources_are_formatted(folder):
    for name in VARIANTS:
        terraform.run(folder / name, "fmt", "-check", "-diff")


def test_resources_are_valid(folder):
    assert terraform.run(folder, "validate", "-no-color").stdout.startswith("Success!")


@pytest.fixture(scope="module")
def planned(folder):
    """The policy documents of each plan, as text in one form."""
    plans = terraform.plans(folder, "tests/plan.tftest.hcl")
    return {name: sorted(map(canonical, documents(plan))) for name, plan in plans.items()}


def documents(plan):
    for change in plan["resource_changes"]:
        values = change["change"]["after"]
        if change["mode"] == "managed":
            yield json.loads(values.get("policy") or values["assume_role_policy"])


def canonical(document):
    return json.dumps(document, sort_keys=True)


@pytest.mark.parametrize("name", VARIANTS)
def test_policies_are_those_of_the_json_format(planned, name):
    account = account_of(name)
    options = ["--format", "json", "--partition", PARTITION, f"--{account}-account", ACCOUNTS[account]]
    expected = json.loads(show(*options, *VARIANTS[name])).values()
    assert planned[name] == sorted(map(canonical, expected))
