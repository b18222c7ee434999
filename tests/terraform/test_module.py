"""The conventions of Terraform's registry: formatted, valid, tested, and with up-to-date tables in the README."""

import re
from pathlib import Path

import pytest

import tables
import terraform
from terraform import MODULE

EXAMPLES = sorted(path.name for path in (MODULE / "examples").iterdir())


def test_files_are_formatted():
    terraform.run(MODULE, "fmt", "-check", "-recursive", "-diff")


def test_module_is_valid(module):
    assert terraform.run(module, "validate", "-no-color").stdout.startswith("Success!")


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid(tmp_path, example):
    folder = terraform.copy(tmp_path / "terraform")
    terraform.init(folder / "examples" / example)
    assert terraform.run(folder / "examples" / example, "validate", "-no-color").stdout.startswith("Success!")


def test_there_is_a_minimal_and_a_complete_example():
    assert EXAMPLES == ["complete", "minimal"]


@pytest.mark.parametrize("file", sorted(path.name for path in (MODULE / "tests").glob("*.tftest.hcl")))
def test_terraform_test_passes(module, file):
    output = terraform.run(module, "test", "-no-color", f"-filter=tests/{file}").stdout
    assert ", 0 failed." in output and "Success! 0 passed" not in output


@pytest.mark.parametrize("folder", tables.FOLDERS, ids=lambda folder: Path(folder).name)
def test_tables_of_the_readme_are_up_to_date(folder):
    expected = tables.updated(folder)
    assert (folder / "README.md").read_text() == expected, "run `python3 tests/terraform/tables.py`"
    assert expected.count("\n| `") >= 4


@pytest.mark.parametrize("folder", tables.FOLDERS, ids=lambda folder: Path(folder).name)
def test_links_of_the_readme_resolve(folder):
    text = (folder / "README.md").read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert [link for link in links if not (folder / link).exists()] == []
    assert len(text.splitlines()) <= 250
