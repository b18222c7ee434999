"""Gives an empty answer to every question of `sam deploy --guided`, in a pseudo-terminal, up to the end of the parameters.

Only the parameters that have no default get a value. The check fails if a question is asked twice, which is what SAM does if it
does not accept an empty answer. Nothing is deployed: there are no credentials, and the process ends after the last parameter.
"""

import os
import pty
import re
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIRED = {"IdentityAccountId": "222233334444"}
QUESTION = re.compile(r"(?:Parameter (\w+)|(Stack Name|AWS Region))[^\n]*: ?$")
SECONDS = 120


def main():
    sam = Path(sys.executable).parent / "sam"
    for template in ("template.yaml", "control-tower.yaml"):
        text = (ROOT / template).read_text()
        parameters = re.findall(r"^  (\w+):\n    Type: (?:String|Number)$", text, re.MULTILINE)
        asked = questions([str(sam), "deploy", "--guided", "--template-file", str(ROOT / template)])
        assert [name for name in asked if name in parameters] == parameters, f"{template}: asked {asked}, expected {parameters}"
        print(f"{template}: {len(parameters)} parameters were asked for once")


def questions(command):
    """The names of the questions that were asked before the first one about the deployment itself."""
    with tempfile.TemporaryDirectory() as folder:
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(folder)
            os.execve(command[0], command, {**os.environ, "COLUMNS": "200", "HOME": folder})
        try:
            return answer(terminal)
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            os.close(terminal)


def answer(terminal):
    asked, output, end = [], "", time.monotonic() + SECONDS
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                output += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
        plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
        if "Confirm changes before deploy" in plain:
            return asked
        if question := QUESTION.search(plain):
            name = question[1] or question[2]
            assert name not in asked, f"SAM does not accept an empty answer for {name}"
            asked.append(name)
            os.write(terminal, REQUIRED.get(name, "").encode() + b"\n")
            output = ""
    raise AssertionError(f"SAM did not ask about the deployment; the questions were {asked}, and its output ends with\n{output}")


main()
