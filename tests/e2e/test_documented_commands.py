"""The commands of the AWS CLI in the documents, parsed by the AWS CLI itself: services, operations, options and their values.

Bash runs each shell block with a stub for `aws` that calls the CLI with an endpoint that does not exist: the CLI checks its
arguments before it connects. tests/documents/commands.rs checks all other programs, which do nothing here.
"""

import re
import subprocess

import pytest
from test_deploy_page import ROOT, TOOLS, needs_tools

PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
OTHERS = ["cargo", "git", "onboard", "pip", "sam", "terraform"]
# These are not operations of an API: `deploy` reads its template first, and `wait` retries for half an hour. And version 1 of the CLI,
# which is the one on PyPI, lacks an option of version 2.
AWS = """#!/bin/bash
case "$1 $2" in "cloudformation deploy"|"cloudformation wait") exit;; esac
words=()
for word; do case $word in --cli-binary-format|raw-in-base64-out) ;; *) words+=("$word");; esac; done
printed=$({aws} --endpoint-url http://127.0.0.1:1 --no-sign-request "${{words[@]}}" 2>&1)
case $printed in *"Could not connect to the endpoint URL"*) ;; *) echo "aws $*: $printed" >> "$WRONG";; esac
echo arn:aws:iam::aws:policy/Example
"""


def blocks():
    for page in PAGES:
        for number, block in enumerate(re.findall(r"^```sh.*\n((?:(?!```).*\n)*)```$", page.read_text(), re.MULTILINE), 1):
            if re.search(r"\baws ", block):
                yield pytest.param(block, id=f"{page.name}-{number}")


@needs_tools
@pytest.mark.parametrize("block", blocks())
def test_aws_cli_accepts_the_command(block, tmp_path):
    tools, work = tmp_path / "bin", tmp_path / "work"
    for folder in (tools, work):
        folder.mkdir()
    for name in ("deployer-policy.json", "operator-policy.json", "trust.json", "new.json"):
        (work / name).write_text("{}")
    for name in OTHERS:
        (tools / name).write_text("#!/bin/sh\necho '{}'\n")
    (tools / "aws").write_text(AWS.format(aws=TOOLS / "aws"))
    for tool in tools.iterdir():
        tool.chmod(0o755)
    wrong = tmp_path / "wrong"
    wrong.write_text("")
    environment = {"HOME": str(work), "PATH": f"{tools}:/usr/bin:/bin", "WRONG": str(wrong), "AWS_DEFAULT_REGION": "us-east-1"}
    environment |= {"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    variables = ["KEY", "TRELICA_EXTERNAL_ID", "RECORDS", "TABLE", "DEAD_LETTERS", "LOG_GROUP", "PASSWORD", "CODE1", "CODE2"]
    environment |= {name: "example" for name in variables}
    script = f"output() {{ echo example; }}\n{block}"
    subprocess.run(["bash", "--norc", "-c", script], cwd=work, env=environment, stdin=subprocess.DEVNULL, timeout=120, check=False)
    assert wrong.read_text() == ""


@needs_tools
def test_wrong_commands_are_noticed(tmp_path):
    for number, block in enumerate(["aws iam creat-role --role-name x", "aws iam get-role", "aws sqs delete-queue --name x"]):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(AssertionError):
            test_aws_cli_accepts_the_command(block, tmp_path / str(number))
