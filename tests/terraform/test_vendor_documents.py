"""The Terraform configuration that `onboard vendors show --terraform` prints is formatted, valid, and plans the documents that the
same command prints as JSON."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import terraform
from deployment import bootstrap

ONBOARD = terraform.ROOT / os.environ.get("ONBOARD", bootstrap().with_name("onboard"))
EXTERNAL_ID = "an-external-id"
# A provider that makes no call: a plan of these resources needs none.
PROVIDER = """provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""


def show(vendor, *options):
    command = [ONBOARD, "vendors", "show", vendor, *options]
    return subprocess.run(command, cwd=terraform.ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("options", [[], ["--for", "management"], ["--config", "onboarding.toml"]])
@pytest.mark.parametrize("vendor", ["trelica", "workload-security"])
def test_configuration_is_formatted_valid_and_plans_the_documents(tmp_path, vendor, options):
    assert Path(ONBOARD).is_file(), f"`{ONBOARD}` does not exist: run `cargo build --bin onboard`, or set ONBOARD"
    (tmp_path / "main.tf").write_text(show(vendor, "--terraform", *options))
    terraform.run(tmp_path, "fmt", "-check", "-diff")
    (tmp_path / "provider.tf").write_text(PROVIDER)
    # The mirror has one version.
    text = (tmp_path / "main.tf").read_text()
    (tmp_path / "main.tf").write_text(text.replace('">= 5.0"', terraform.TESTED))
    terraform.init(tmp_path)
    terraform.run(tmp_path, "validate", "-no-color")
    terraform.run(tmp_path, "plan", "-input=false", "-out=plan", f"-var=external_id={EXTERNAL_ID}")
    plan = json.loads(terraform.run(tmp_path, "show", "-json", "plan").stdout)
    planned = {one["address"]: one["change"]["after"] for one in plan["resource_changes"]}
    trust = show(vendor, "--trust", *options).replace("<EXTERNAL_ID>", EXTERNAL_ID)
    role, policy = planned["aws_iam_role.this"], planned["aws_iam_role_policy.this"]
    assert json.loads(role["assume_role_policy"]) == json.loads(trust)
    assert json.loads(policy["policy"]) == json.loads(show(vendor, "--policy", *options))
    refused = terraform.run(tmp_path, "plan", "-input=false", "-var=external_id=<EXTERNAL_ID>", check=False)
    assert "An external ID has 2 to 1224 letters" in refused.stderr
