"""The files of a release: .ci/package makes them from the binaries under test."""

import hashlib
import os
import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text())
VERSION = CARGO["workspace"]["package"]["version"]
TARGET = "x86_64-unknown-linux-gnu"


def package(folder, binary, *arguments):
    variables = {**os.environ, "DIST": str(folder), "BINARY": str(Path(binary).resolve())}
    done = subprocess.run(
        ["bash", str(ROOT / ".ci/package"), *arguments], env=variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def assert_checksum(file):
    digest, name = (file.parent / f"{file.name}.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.name)


def test_archive_of_the_cli_has_completions_and_man_pages_under_the_name_that_binstall_looks_for(tmp_path):
    package(tmp_path, os.environ["ONBOARD"], "onboard", TARGET)
    template = CARGO["package"]["metadata"]["binstall"]
    values = {"name": "account-onboarding", "version": VERSION, "target": TARGET, "bin": "onboard", "repo": "R"}
    values |= {"binary-ext": "", "archive-suffix": f".{template['pkg-fmt']}"}
    expand = lambda text: re.sub(r"{ ([a-z-]+) }", lambda match: values[match[1]], text)
    archive = tmp_path / expand(template["pkg-url"]).split("/")[-1]
    assert_checksum(archive)
    assert sorted(each.name for each in tmp_path.iterdir()) == [archive.name, f"{archive.name}.sha256"]

    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    onboard = tmp_path / expand(template["bin-dir"])
    shown = subprocess.run([onboard, "--version"], capture_output=True, text=True, timeout=20, check=True)
    assert shown.stdout == f"onboard {VERSION}\n"
    for shell in ["bash", "zsh", "fish", "powershell"]:
        script = (onboard.parent / f"completions/onboard.{shell}").read_text()
        assert "onboard" in script and str(tmp_path) not in script, shell
    assert (onboard.parent / "man/onboard-apply.1").read_text().startswith(".ie")
    assert {"README.md", "LICENSE", "CHANGELOG.md"} <= {each.name for each in onboard.parent.iterdir()}


def test_package_of_the_function_contains_an_executable_bootstrap_and_is_reproducible(tmp_path):
    packages = []
    for folder in [tmp_path / "one", tmp_path / "two"]:
        package(folder, os.environ["BOOTSTRAP"], "bootstrap", "x86_64")
        packages.append(folder / f"account-onboarding-bootstrap-v{VERSION}-x86_64.zip")
    assert_checksum(packages[0])
    assert packages[0].read_bytes() == packages[1].read_bytes()
    with zipfile.ZipFile(packages[0]) as files:
        [entry] = files.infolist()
        assert (entry.filename, entry.external_attr >> 16) == ("bootstrap", 0o755)
        assert files.read(entry) == Path(os.environ["BOOTSTRAP"]).read_bytes()


def test_manifest_of_a_release_names_the_repository_that_has_its_archives(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "example/account-onboarding")
    package(tmp_path, "/dev/null", "manifest")
    manifest = tmp_path / f"account-onboarding-v{VERSION}.Cargo.toml"
    assert_checksum(manifest)
    released = tomllib.loads(manifest.read_text())
    assert released["package"].pop("repository") == "https://github.com/example/account-onboarding"
    assert released == CARGO
