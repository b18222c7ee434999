"""What `onboard prerequisites show --format terraform` prints: formatted, valid, and the policies of the JSON format."""

import json
import os
import subprocess

import pytest

import terraform
from terraform import ROOT

ACCOUNTS = {"identity": "222233334444", "management": "111122223333"}
VARIANTS = [[], ["--no-mfa"], ["--session-tag", "team"]]
NAMES = {
    "identity": ["identity-access-policy", "application-role", "application-policy"],
    "management": [
        "management-access-policy",
        "account-creation-access-policy",
        "account-creation-role",
        "account-creation-policy",
    ],
}


def show(*arguments):
    onboard = ROOT / os.environ.get("ONBOARD", "target/debug/onboard")
    command = [onboard, "prerequisites", "show", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def configuration(folder, text):
    """A folder with this configuration, the tested version of the provider, and a test that plans it without AWS."""
    folder.mkdir()
    (folder / "main.tf").write_text(text)
    versions = (terraform.MODULE / "versions.tf").read_text().replace(terraform.ALLOWED, terraform.TESTED)
    (folder / "versions.tf").write_text(versions)
    terraform.init(folder)
    return folder


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("options", VARIANTS, ids=" ".join)
def test_resources_are_formatted_valid_and_have_the_policies_of_the_json_format(tmp_path, account, options):
    folder = configuration(tmp_path / "all", show("--account", account, "--format", "terraform", *options))
    terraform.run(folder, "fmt", "-check", "-diff")
    assert terraform.run(folder, "validate", "-no-color").stdout.startswith("Success!")
    id_options = [f"--{account}-account", ACCOUNTS[account]]
    expected = json.loads(show("--account", account, "--format", "json", "--partition", "aws-us-gov", *id_options, *options))
    assert sorted(planned(folder, account)) == sorted(canonical(document) for document in expected.values())


@pytest.mark.parametrize("name", [name for names in NAMES.values() for name in names])
def test_each_resource_is_valid_alone(tmp_path, name):
    folder = configuration(tmp_path / "one", show(name, "--format", "terraform"))
    terraform.run(folder, "fmt", "-check", "-diff")
    assert terraform.run(folder, "validate", "-no-color").stdout.startswith("Success!")


def planned(folder, account):
    """The policy documents of a plan, as text in one form."""
    (folder / "tests").mkdir()
    (folder / "tests" / "plan.tftest.hcl").write_text(f"""
mock_provider "aws" {{
  override_data {{
    target = data.aws_partition.current
    values = {{ partition = "aws-us-gov" }}
  }}
  override_data {{
    target = data.aws_caller_identity.current
    values = {{ account_id = "{ACCOUNTS[account]}" }}
  }}
}}
run "plan" {{
  command = plan
}}
""")
    changes = terraform.plans(folder, "tests/plan.tftest.hcl")["plan"]["resource_changes"]
    values = [change["change"]["after"] for change in changes]
    documents = [value.get("policy") or value.get("assume_role_policy") for value in values]
    return [canonical(json.loads(document)) for document in documents if document]


def canonical(document):
    return json.dumps(document, sort_keys=True)
