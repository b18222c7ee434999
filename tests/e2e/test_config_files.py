"""A configuration with files: pushed as SSM parameters below one path, read by the real function, changed, pulled and damaged."""

import hashlib
import json
import re
from dataclasses import replace
from itertools import count
from pathlib import Path

import events
import iam_state
import pytest
from stack import REGION
from template import Template
from test_command_line import DONE, ERROR, PENDING, QUESTION, onboard  # noqa: F401
from test_config_deployed import onboard_as_admin, ssm  # noqa: F401
from world import IDENTITY

POLICIES = 12  # more than one page of GetParametersByPath
ROLE = "reader"
VENDOR = """title = "Acme"
[trust]
accounts = ["444455556666"]
external-id = { none-because = "Acme passes none" }
[role]
name = "AcmeRead"
[permissions.ec2]
actions = ["ec2:DescribeInstances"]
"""
_numbers = count(1)


def policy(action, size=0):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}) + " " * size


def write(folder, action="s3:ListAllMyBuckets"):
    """A configuration with a vendor file and policies, one of which needs the Advanced tier."""
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "vendors").mkdir(exist_ok=True)
    (folder / "vendors" / "acme.toml").write_text(VENDOR)
    for index in range(POLICIES):
        text = policy(action, 5000) if index == 3 else policy("ec2:DescribeInstances")
        (folder / "policies" / f"p{index}.json").write_text(text)
    files = ", ".join(f'p{index} = {{ file = "policies/p{index}.json" }}' for index in range(POLICIES))
    (folder / "onboarding.toml").write_text(
        'vendor-files = ["vendors/acme.toml"]\n'
        f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n[vendors.acme]\n'
        f'[[role]]\nname = "{ROLE}"\npolicies = {{ {files} }}\n[[role.trust]]\nprincipal = "{IDENTITY}"\n'
    )


@pytest.fixture
def name():
    return f"/account-onboarding/files-{next(_numbers)}"


@pytest.fixture
def function_reading(world, start, name):
    """The real function with the published permissions for the configuration at `name`, and no others."""
    role = f"function-of-{name.rpartition('/')[2]}"
    own = replace(world, template=Template(world.management, REGION, ConfigurationParameterName=name))
    own.function_role(role)

    def started():
        return start(own, role=role)

    return started


def below(ssm, name):  # noqa: F811
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=name, Recursive=True)
    return {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}


def words(output):
    return " ".join(output.split())


def test_files_are_pushed_read_by_the_function_changed_and_pulled(
    onboard_as_admin, ssm, name, tmp_path, function_reading, account, iam  # noqa: F811
):
    push = ["config", "push", "--name", name]
    write(tmp_path)
    output, code = onboard_as_admin.answered("no\n", *push)
    assert (code, QUESTION in output, "Nothing was changed." in output, below(ssm, name)) == (PENDING, True, True, {}), output
    output, code = onboard_as_admin(*push, "--yes")
    assert (code, f"Stored as version 1 of {name}." in output) == (DONE, True), output
    assert "+ vendors/acme.toml (" in output and '+ title = "Acme"' in output, output
    assert "+ policies/p3.json (5111 bytes; the Advanced tier holds 8192)" in output and "AWS charges" in output, output
    assert f"{POLICIES + 2} files below {name}" in words(output), output
    assert len(below(ssm, name)) == POLICIES + 2
    [index] = ssm.get_parameters(Names=[name])["Parameters"]
    assert (index["Type"], "policies/p3.json" in index["Value"]) == ("String", True)
    output, code = onboard_as_admin(*push, "--yes")
    assert (code, "nothing to do" in output) == (DONE, True), output

    assert function_reading().failures(events.batch(events.create_account_result(account))) == []
    roles = iam_state.snapshot(iam)["roles"]
    assert roles[ROLE]["inline"]["p3"]["Statement"][0]["Action"] == "s3:ListAllMyBuckets"
    assert "AcmeRead" in roles

    write(tmp_path, "s3:GetBucketLocation")
    before = below(ssm, name)
    output, code = onboard_as_admin(*push, "--yes")
    assert (code, f"version 1 of {name}, a String:" in output, "~ policies/p3.json" in output) == (DONE, True, True), output
    assert "policies/p4.json (" not in output and "vendors/acme.toml (" not in output, "only what changes is shown"
    after = below(ssm, name)
    assert (len(after), len(set(before) - set(after)), len(set(after) - set(before))) == (POLICIES + 2, 1, 1)
    again = function_reading()
    assert again.failures(events.batch(events.create_account_result(account))) == []
    assert iam_state.snapshot(iam)["roles"][ROLE]["inline"]["p3"]["Statement"][0]["Action"] == "s3:GetBucketLocation"
    calls = [call.name for call in again.wire.calls if call.name.startswith("ssm:Get")]
    assert calls[:3] == ["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:GetParametersByPath"], calls

    pull = ["config", "pull", "--name", name]
    output, code = onboard_as_admin(*pull, "--against", "onboarding.toml")
    assert (code, "are equal" in output) == (DONE, True), output
    (tmp_path / "policies" / "p4.json").write_text(policy("s3:GetBucketLocation"))
    output, code = onboard_as_admin(*pull, "--against", "onboarding.toml")
    assert (code, "~ policies/p4.json" in output, "p5.json" in output) == (PENDING, True, False), output
    output, code = onboard_as_admin(*pull)
    assert (code, "vendor-files" in output, f"its {POLICIES + 1} files" in words(output)) == (DONE, True, True), output
    output, code = onboard_as_admin(*pull, "--out", "saved/onboarding.toml")
    assert (code, f"with {POLICIES + 1} files next to it" in words(output)) == (DONE, True), output
    assert (tmp_path / "saved" / "policies" / "p3.json").read_text() == policy("s3:GetBucketLocation", 5000)
    assert (tmp_path / "saved" / "vendors" / "acme.toml").read_text() == VENDOR
    assert (tmp_path / "saved" / "onboarding.toml").read_text() == (tmp_path / "onboarding.toml").read_text()
    output, code = onboard_as_admin(*pull, "--out", "saved/other.toml")
    assert (code, "exists already" in output, (tmp_path / "saved" / "other.toml").exists()) == (ERROR, True, False), output
    output, code = onboard_as_admin("config", "check", "saved/onboarding.toml")
    assert code == DONE, output


def test_files_are_removed_and_the_configuration_becomes_one_parameter_again(onboard_as_admin, ssm, name, tmp_path):  # noqa: F811
    push = ["config", "push", "--name", name, "--yes"]
    grant = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n'
    (tmp_path / "onboarding.toml").write_text(grant)
    assert onboard_as_admin(*push)[1] == DONE
    write(tmp_path)
    output, code = onboard_as_admin(*push)
    assert (code, "~ onboarding.toml" in output, "+ vendors/acme.toml" in output) == (DONE, True, True), output
    ssm.put_parameter(Name=f"{name}/notes", Value="mine", Type="String")
    (tmp_path / "onboarding.toml").write_text(grant)
    output, code = onboard_as_admin(*push)
    assert (code, "- vendors/acme.toml" in output, "stays" in output) == (DONE, True, True), output
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == grant
    assert below(ssm, name) == {f"{name}/notes": "mine"}, "what no push wrote stays"


def test_interrupted_push_leaves_the_old_configuration_and_the_next_one_completes(onboard_as_admin, ssm, name, tmp_path):  # noqa: F811
    push = ["config", "push", "--name", name, "--yes"]
    write(tmp_path)
    assert onboard_as_admin(*push)[1] == DONE
    old = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    write(tmp_path, "s3:GetBucketLocation")
    # A push of the new files that ended before it wrote the index.
    other = f"{name}-other"
    assert onboard_as_admin("config", "push", "--name", other, "--yes")[1] == DONE
    [left] = [(key, value) for key, value in below(ssm, other).items() if key.replace(other, name) not in below(ssm, name)]
    ssm.put_parameter(Name=left[0].replace(other, name), Value=left[1], Type="String", Tier="Advanced")
    output, code = onboard_as_admin("config", "pull", "--name", name, "--out", "old/onboarding.toml")
    assert (code, "s3:ListAllMyBuckets" in (tmp_path / "old" / "policies" / "p3.json").read_text()) == (DONE, True), output
    write(tmp_path)
    output, code = onboard_as_admin(*push)
    assert (code, "(not used by any version)" in words(output)) == (DONE, True), output
    assert (ssm.get_parameter(Name=name)["Parameter"]["Value"], len(below(ssm, name))) == (old, POLICIES + 2)


def test_mixture_is_not_applied(onboard_as_admin, ssm, name, tmp_path, function_reading, account, iam):  # noqa: F811
    write(tmp_path)
    assert onboard_as_admin("config", "push", "--name", name, "--yes")[1] == DONE
    before = iam_state.snapshot(iam)
    [policy_name] = [key for key in below(ssm, name) if "/policies/p5.json/" in key]
    value = below(ssm, name)[policy_name]
    hostile = {"Name": policy_name, "Value": value.replace("ec2", "iam"), "Type": "String", "Overwrite": True}
    for damage in (lambda: ssm.delete_parameter(Name=policy_name), lambda: ssm.put_parameter(**hostile)):
        damage()
        answer = function_reading().invoke(events.batch(events.create_account_result(account)))
        complete = "is not complete, so that none of it is used: `policies/p5.json`"
        assert (answer.failed, complete in answer.text) == (True, True), answer.text
        assert iam_state.snapshot(iam) == before
        output, code = onboard_as_admin("config", "pull", "--name", name)
        assert (code, "is not complete" in output) == (ERROR, True), output
        output, code = onboard_as_admin("config", "push", "--name", name, "--yes")
        assert (code, below(ssm, name)[policy_name]) == (DONE, value), output


@pytest.mark.parametrize(
    ("more", "at", "sentence"),
    [
        ('[vendors.trelica]\nexternal-id = "trelica-7d41"\n', None, "files are stored without encryption"),
        ('[vendors.trelica]\nexternal-id = { ssm-parameter = "NAME/id" }\n', None, "which is below"),
        ("", "/account-onboarding", "the stack creates parameters below"),
    ],
)
def test_push_of_files_is_refused_before_anything_is_written(onboard, ssm, name, tmp_path, more, at, sentence):  # noqa: F811
    write(tmp_path)
    text = (tmp_path / "onboarding.toml").read_text()
    (tmp_path / "onboarding.toml").write_text(text + more.replace("NAME", name))
    output, code = onboard("config", "push", "--name", at or name, "--yes")
    assert (code, sentence in words(output), onboard.wire.calls) == (ERROR, True, []), output


def test_hostile_index_writes_no_file_outside_of_the_folder(onboard_as_admin, ssm, name, tmp_path):  # noqa: F811
    hash = "0" * 32
    for path in ("../outside.json", "/tmp/outside.json", ".envrc"):
        files = {"onboarding.toml": hash, path: hash}
        value = json.dumps({"format": "account-onboarding/1", "files": files})
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        output, code = onboard_as_admin("config", "pull", "--name", name, "--out", "in/onboarding.toml")
        assert (code, "is not a path of a file" in words(output), (tmp_path / "in").exists()) == (ERROR, True, False), output

    files = {"onboarding.toml": f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n', "Makefile": "all:"}
    hashes = {path: hashlib.sha256(text.encode()).hexdigest()[:32] for path, text in files.items()}
    value = json.dumps({"format": "account-onboarding/1", "files": hashes})
    ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    for path, text in files.items():
        ssm.put_parameter(Name=f"{name}/{path}/{hashes[path]}", Value=text, Type="String")
    output, code = onboard_as_admin("config", "pull", "--name", name, "--out", "in/onboarding.toml")
    said = "does not reference: `Makefile`" in words(output)
    assert (code, said, (tmp_path / "in").exists()) == (ERROR, True, False), output


def test_commands_of_the_page_succeed_with_its_example(onboard_as_admin, ssm, tmp_path):  # noqa: F811
    page = (Path(__file__).parents[2] / "docs" / "DEPLOYED_CONFIGURATION.md").read_text()
    [example] = re.findall(r"```toml whole\n(.*?)```", page, re.S)
    (tmp_path / "onboarding.toml").write_text(example)
    (tmp_path / "vendors").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "vendors" / "acme.toml").write_text(VENDOR.replace('{ none-because = "Acme passes none" }', '"required"'))
    (tmp_path / "policies" / "deploy.json").write_text(policy("ec2:DescribeInstances"))
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        command, *words = line.split()
        answers = ["--yes"] if words[:2] == ["config", "push"] else []
        output, code = onboard_as_admin(*words, *answers)
        assert (command, code) == ("onboard", DONE), f"{line}: {output}"
    stored = {re.sub("[0-9a-f]{32}$", "HASH", key) for key in below(ssm, "/account-onboarding/own")}
    assert stored == set(re.findall(r"^\| `(/account-onboarding/own/\S+)` \|", page, re.M))
    assert (tmp_path / "restored" / "policies" / "deploy.json").read_text() == policy("ec2:DescribeInstances")
