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
# The version that the tests use, of those that the module allows.
ALLOWED, TESTED = '">= 5.100.0, < 7.0.0"', '"5.100.0"'
NOT_INSTALLED = "Failed to query available provider packages"


def environment():
    """The environment without AWS settings, which the provider would use."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    # Each test has a folder of its own; without a cache each would download the provider.
    cache = ROOT / ".venv" / "terraform-providers"
    cache.mkdir(parents=True, exist_ok=True)
    settings = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_PLUGIN_CACHE_DIR": str(cache),
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
    }
    return {**settings, **kept}


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


def copy(folder):
    """A copy of the module with the tested version of its provider, and without what Terraform left behind in it."""
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    for file in folder.rglob("*.tf"):
        file.write_text(file.read_text().replace(ALLOWED, TESTED))
    return folder


def copy_module(folder):
    """A copy of the module with its provider installed."""
    init(copy(folder))
    return folder


def plans(folder, file):
    """The plans of a test file whose `run` blocks have `command = plan`, by the name of the block.

    `terraform test -json -verbose` prints the plan of each block in the format of `terraform show -json`.
    """
    output = run(folder, "test", "-json", "-verbose", f"-filter={file}").stdout
    messages = [json.loads(line) for line in output.splitlines()]
    plans = {message["@testrun"]: message["test_plan"] for message in messages if message["type"] == "test_plan"}
    return {name: {key: plan.get(key, {}) for key in ("resource_changes", "output_changes")} for name, plan in plans.items()}


def missing():
    """Why Terraform cannot run here, in one line, or None. Only the requirements of the module are read, so that a mistake in
    the module is not taken for a provider that is not installed."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    with tempfile.TemporaryDirectory() as folder:
        versions = (MODULE / "versions.tf").read_text().replace(ALLOWED, TESTED)
        (Path(folder) / "versions.tf").write_text(versions)
        process = run(folder, "init", "-backend=false", "-input=false", "-no-color", check=False)
    if NOT_INSTALLED in process.stderr:
        return "the provider hashicorp/aws is neither in a mirror nor can its registry be reached"
    return None


if __name__ == "__main__":
    sys.exit(missing())
