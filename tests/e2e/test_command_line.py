"""The real `onboard` as an operator runs it: codes that scripts read, words that people read, a terminal that asks."""

import json
import os
import pty
import re
import subprocess
from contextlib import suppress
from pathlib import Path

import events
import iam_state
import pytest
from function import BOOTSTRAP
from stack import REGION
from wire import Wire
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, root, trust

ONBOARD = Path(__file__).parents[2] / os.environ.get("ONBOARD", BOOTSTRAP.with_name("onboard"))
DONE, ERROR, PENDING, BLOCKED = 0, 1, 3, 4
QUESTION = "Only `yes` is taken:"
LITERAL = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n' + "".join(
    f'[vendors.{name}]\nexternal-id = "{external_id}"\n' for name, external_id in EXTERNAL_IDS.items()
)


class CommandLine:
    """Runs in a folder that is its home too: no profile leaks in. Each run ends with all that it said and a code."""

    def __init__(self, world, folder):
        self.wire = Wire(world.server.port)
        credentials = world.credentials()
        environment = {
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.wire.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.place = {"cwd": folder, "env": environment, "stderr": subprocess.STDOUT}

    def __call__(self, *words):
        process = self._start(words, subprocess.DEVNULL, subprocess.PIPE)
        return process.communicate()[0].decode(), process.returncode

    def answered(self, answer, *words):
        """The same on a terminal, where a person has typed `answer`."""
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        process, said = self._start(words, theirs, theirs), b""
        os.close(theirs)
        with suppress(OSError):  # so Linux tells that the last process has left the terminal
            while piece := os.read(ours, 1 << 16):
                said += piece
        os.close(ours)
        return said.decode(), process.wait(10)

    def _start(self, words, stdin, stdout):
        return subprocess.Popen(["timeout", "60", ONBOARD, *words], **self.place, stdin=stdin, stdout=stdout)


@pytest.fixture
def onboard(world, tmp_path):
    assert ONBOARD.is_file(), f"there is no `{ONBOARD}`: run `cargo build --bin onboard`, or say where in ONBOARD"
    parameter = world.template.environment()["ONBOARDING_CONFIG_PARAMETER"]
    (tmp_path / "onboarding.toml").write_text(world.template.parameters()[parameter])
    onboard = CommandLine(world, tmp_path)
    yield onboard
    onboard.wire.close()


@pytest.fixture
def untouched(onboard, iam):
    """The account is left as it was found."""
    before = iam_state.of(iam)
    yield
    assert (iam_state.of(iam), onboard.wire.writes()) == (before, [])


@pytest.mark.parametrize("configured", ["by-parameter", "literally"])
def test_a_plan_shows_the_trust_diff_and_no_external_id(onboard, account, untouched, tmp_path, configured):
    if configured == "literally":
        (tmp_path / "onboarding.toml").write_text(LITERAL)
    said, code = onboard("plan", "--account", account)
    assert (code, f"  ~ update the trust policy of role `{ACCESS_ROLE}`\n" in said) == (PENDING, True), said
    assert re.search(rf'^ +\+ +"{root(IDENTITY)}"$', said, re.MULTILINE), said

    (tmp_path / "event.json").write_text(json.dumps(events.create_account_result(account)))
    wire, code = onboard("plan", "--event", "event.json", "--format", "json")
    report = json.loads(wire)
    assert (code, report["account_id"], report["trigger"]) == (PENDING, account, "create_account_result")
    assert (report["outcome"], report["cause"]["code"]) == ("waiting", "changes_pending")
    assert not [external_id for external_id in EXTERNAL_IDS.values() if external_id in said + wire]


@pytest.mark.parametrize("asks", [False, True])
def test_apply_shows_the_plan_then_the_report_and_settles(onboard, account, iam, asks):
    apply = ["apply", "--account", account]
    said, code = onboard.answered("yes\n", *apply) if asks else onboard(*apply, "--yes")
    assert (code, QUESTION in said) == (DONE, asks), said
    assert 0 < said.find("\nPlan: ") < said.find("who can enter") < said.find("\nConverged: "), said
    assert set(iam_state.of(iam)["roles"]) == {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}
    written = len(onboard.wire.writes())
    for words in (["plan"], ["apply", "--yes"]):
        said, code = onboard(*words, "--account", account)
        assert (code, "Nothing to do" in said, len(onboard.wire.writes())) == (DONE, True, written), said


@pytest.mark.parametrize("answer", ["no\n", "\x04"])
def test_any_answer_but_yes_changes_nothing(onboard, account, untouched, answer):
    said, code = onboard.answered(answer, "apply", "--account", account)
    assert (code, QUESTION in said, "Nothing was changed." in said) == (PENDING, True, True), said
    said, code = onboard("apply", "--account", account)
    assert (code, "`--yes`" in said) == (ERROR, True), said


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_what_is_not_ours_is_left_alone(onboard, account, iam, command):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=trust(account))
    before = iam_state.role(iam, "TrelicaIntegration")
    said, code = onboard(*command, "--account", account)
    assert (code, "Blocked (foreign_role)" in said) == (BLOCKED, True), said
    assert iam_state.role(iam, "TrelicaIntegration") == before
    entered = onboard.wire.named("sts:AssumeRole")
    said, code = onboard(*command, "--account", "999988887777")  # in no organization
    assert (code, "999988887777" in said, onboard.wire.named("sts:AssumeRole")) == (BLOCKED, True, entered), said
