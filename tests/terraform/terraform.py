"""Runs Terraform on a copy of the module, so that nothing is written into the repository."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "terraform"
NOT_INSTALLED = "Failed to query available provider packages"


def environment():
    """The environment without AWS settings, which the provider would use."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    return {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "AWS_EC2_METADATA_DISABLED": "true"}


def run(folder, *arguments, check=True, seconds=400, variables=None):
    """Runs `terraform` in a folder; returns the completed process with its output as strings."""
    command = ["terraform", *arguments]
    process = subprocess.run(
        command,
        cwd=folder,
        env={**environment(), **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    if check and process.returncode != 0:
        raise AssertionError(f"`{' '.join(command)}` failed:\n{process.stdout[-6000:]}\n{process.stderr[-6000:]}")
    return process


def init(folder):
    run(folder, "init", "-backend=false", "-input=false", "-no-color")


def copy_module(folder):
    """Copies the module into `folder` and installs its provider."""
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*"))
    init(folder)
    return folder


def plans(folder, file):
    """The plans of a test file whose `run` blocks have `command = plan`, by the name of the block.

    `terraform test -json -verbose` prints the plan of each block in the format of `terraform show -json`.
    """
    output = run(folder, "test", "-json", "-verbose", f"-filter={file}").stdout
    messages = [json.loads(line) for line in output.splitlines()]
    plans = {message["@testrun"]: message["test_plan"] for message in messages if message["type"] == "test_plan"}
    return {name: {key: plan[key] for key in ("resource_changes", "output_changes")} for name, plan in plans.items()}


def missing():
    """Why Terraform cannot run here, in one line, or None. Only the requirements of the module are read, so that a mistake in
    the module is not taken for a provider that is not installed."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(MODULE / "versions.tf", folder)
        process = run(folder, "init", "-backend=false", "-input=false", "-no-color", check=False)
    if NOT_INSTALLED in process.stderr:
        return "the provider hashicorp/aws is neither in a mirror nor can its registry be reached"
    return None


if __name__ == "__main__":
    sys.exit(missing())
