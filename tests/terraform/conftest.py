"""Fixtures: the module copied out of the repository, and its plans. All tests are skipped if Terraform cannot run."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))  # the emulator and the fake organization

import mocked  # noqa: E402
import terraform  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402


@pytest.fixture(scope="session")
def module(tmp_path_factory):
    """A copy of the module with its provider installed."""
    return terraform.copy_module(tmp_path_factory.mktemp("module") / "terraform")


@pytest.fixture(scope="session")
def plans(module):
    """A plan of the module for each scenario, without AWS."""
    file = module / "tests" / "parity.tftest.hcl"
    file.write_text(mocked.test_file(SCENARIOS))
    found = terraform.plans(module, "tests/parity.tftest.hcl")
    file.unlink()
    return found
