"""Plays `sam deploy --guided` through in a pseudo-terminal until the stack is created. Everything optional gets an empty answer.

    python .ci/guided_deployment.py EMULATOR_PYTHON

Only the parameters without a default get a value, and the changeset is confirmed. A question that is asked twice fails the check,
because SAM repeats a question when it does not accept an empty answer. SAM deploys to ministack, which runs with EMULATOR_PYTHON,
an interpreter with tests/e2e/requirements.txt. Every resource of the published templates is created. The only change to them is the
one that `sam build` makes: CodeUri is the folder of the binary, here a file with the same name.
"""

import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

import stack  # noqa: E402

ACCOUNT = "111122223333"
# Control Tower's home region is not that of the main stack; otherwise the second stack is not needed.
REGIONS = {"template.yaml": "us-east-1", "control-tower.yaml": "eu-central-1"}
ANSWERS = {"IdentityAccountId": "222233334444", "Deploy this changeset?": "y"}
OTHER_QUESTIONS = [
    "Stack Name",
    "AWS Region",
    "Confirm changes before deploy",
    "Allow SAM CLI IAM role creation",
    "Disable rollback",
    "Save arguments to configuration file",
    "SAM configuration file",
    "SAM configuration environment",
    "Deploy this changeset?",
]
QUESTION = re.compile(rf"(?:Parameter (\w+)|({'|'.join(map(re.escape, OTHER_QUESTIONS))})) \[([^\n]*)\]: ?$")
SECONDS = 300


def main():
    server = stack.ministack(python=Path(sys.argv[1]).absolute())
    try:
        for template, region in REGIONS.items():
            deploy(server, template, region)
    finally:
        server.stop()


def deploy(server, template, region):
    text = (ROOT / template).read_text()
    parameters = re.findall(r"^  (\w+):\n    Type: (?:String|Number)$", text, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "build"
        build.mkdir()
        (build / "bootstrap").write_text("#!/bin/sh\n")
        (Path(folder) / template).write_text(text.replace("CodeUri: .\n", f"CodeUri: {build}\n"))
        shutil.copy(ROOT / "samconfig.toml", folder)
        name = Path(template).stem
        command = ["deploy", "--guided", "--template-file", template, "--stack-name", name, "--region", region]
        asked, output = answer_questions(command, folder, f"http://127.0.0.1:{server.port}")
    assert f"Successfully created/updated stack - {name} in " in output, f"{template}: SAM's output ends with\n{output[-4000:]}"
    assert [question for question in asked if question in parameters] == parameters, f"{template}: asked {list(asked)}"
    assert set(OTHER_QUESTIONS) <= set(asked), f"{template}: asked {list(asked)}"

    (created,) = server.client("cloudformation", ACCOUNT, region=region).describe_stacks(StackName=name)["Stacks"]
    assert created["StackStatus"] == "CREATE_COMPLETE", created
    values = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in created["Parameters"]}
    assert values == {parameter: ANSWERS.get(parameter, asked[parameter]) for parameter in parameters}, values
    print(f"{template}: {len(parameters)} parameters were asked for once, and the stack was created")


def answer_questions(command, folder, endpoint):
    """Answers all questions. Returns them with their defaults, and the output."""
    sam = Path(sys.executable).parent / "sam"
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": endpoint}
        os.execve(sam, [str(sam), *command], {**os.environ, **keys, "COLUMNS": "200", "HOME": folder})
    try:
        return _answer(terminal)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)


def _answer(terminal):
    asked, output, answered, end = {}, "", 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            read = os.read(terminal, 4096)
        except OSError:  # SAM has ended
            return asked, output
        output = re.sub(r"\x1b\[[0-9;]*m", "", output + read.decode(errors="replace"))
        if question := QUESTION.search(output, answered):
            name = question[1] or question[2]
            assert name not in asked, f"SAM does not accept an empty answer for {name}"
            asked[name] = question[3]
            os.write(terminal, ANSWERS.get(name, "").encode() + b"\n")
            answered = len(output)
    raise AssertionError(f"SAM did not end; the questions were {list(asked)}, and its output ends with\n{output[-4000:]}")


if __name__ == "__main__":
    main()
