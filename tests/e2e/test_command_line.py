"""The real `onboard` as an operator runs it: exit codes, output, and the confirmation prompt on a terminal."""

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
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, MANAGEMENT, root, trust

ONBOARD = Path(__file__).parents[2] / os.environ.get("ONBOARD", BOOTSTRAP.with_name("onboard"))
DONE, ERROR, PENDING, BLOCKED, WAITING = 0, 1, 3, 4, 5
QUESTION = "Only 'yes' will be accepted:"
LITERAL = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n' + "".join(
    f'[vendors.{name}]\nexternal-id = "{external_id}"\n' for name, external_id in EXTERNAL_IDS.items()
)


class CommandLine:
    """Runs `onboard` in a folder that is also its home, so that it finds no profiles. Returns its output and exit code."""

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
        self.options = {"cwd": folder, "env": environment, "stderr": subprocess.STDOUT}

    def __call__(self, *words):
        process = self._start(words, subprocess.DEVNULL, subprocess.PIPE)
        return process.communicate()[0].decode(), process.returncode

    def answered(self, answer, *words):
        """Runs it on a terminal where the user has typed `answer`."""
        terminal, child_terminal = pty.openpty()
        os.write(terminal, answer.encode())
        process, output = self._start(words, child_terminal, child_terminal), b""
        os.close(child_terminal)
        with suppress(OSError):  # Linux raises EIO when the last process has closed the terminal
            while piece := os.read(terminal, 1 << 16):
                output += piece
        os.close(terminal)
        return output.decode(), process.wait(10)

    def _start(self, words, stdin, stdout):
        return subprocess.Popen(["timeout", "60", ONBOARD, *words], **self.options, stdin=stdin, stdout=stdout)


@pytest.fixture
def onboard(world, tmp_path):
    assert ONBOARD.is_file(), f"`{ONBOARD}` does not exist: run `cargo build --bin onboard`, or set ONBOARD to its path"
    parameter = world.template.environment()["ONBOARDING_CONFIG_PARAMETER"]
    (tmp_path / "onboarding.toml").write_text(world.template.parameters()[parameter])
    onboard = CommandLine(world, tmp_path)
    yield onboard
    onboard.wire.close()


@pytest.fixture
def untouched(onboard, iam):
    """Asserts that the test did not change the account."""
    before = iam_state.snapshot(iam)
    yield
    assert (iam_state.snapshot(iam), onboard.wire.writes()) == (before, [])


@pytest.mark.parametrize("configured", ["by-parameter", "literally"])
def test_plan_shows_the_trust_diff_and_no_external_id(onboard, account, untouched, tmp_path, configured):
    if configured == "literally":
        (tmp_path / "onboarding.toml").write_text(LITERAL)
    output, code = onboard("plan", "--account", account)
    assert (code, f"  ~ update the trust policy of role `{ACCESS_ROLE}`\n" in output) == (PENDING, True), output
    assert f"\n      + trusts account {IDENTITY}\n" in output, output
    assert f"onboard apply --account {account}\n" in output, output
    verbose, code = onboard("plan", "--account", account, "--verbose")
    assert (code, re.search(rf'^ +\+ +"{root(IDENTITY)}"$', verbose, re.MULTILINE) is not None) == (PENDING, True), verbose

    (tmp_path / "event.json").write_text(json.dumps(events.create_account_result(account)))
    wire, code = onboard("plan", "--event", "event.json", "--format", "json")
    report = json.loads(wire)
    assert (code, report["account_id"], report["trigger"]) == (PENDING, account, "create_account_result")
    assert (report["outcome"], report["cause"]["code"]) == ("waiting", "changes_pending")
    assert not [external_id for external_id in EXTERNAL_IDS.values() if external_id in output + verbose + wire]


def test_account_of_an_excluded_unit_is_not_changed(world, onboard, account, untouched, tmp_path):
    organizations = world.server.client("organizations", MANAGEMENT)
    root_id = organizations.list_roots()["Roots"][0]["Id"]
    outer, other = (organizations.create_organizational_unit(ParentId=root_id, Name=name) for name in ("Outer", "Other"))
    outer, other = (unit["OrganizationalUnit"]["Id"] for unit in (outer, other))
    inner = organizations.create_organizational_unit(ParentId=outer, Name="Inner")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=root_id, DestinationParentId=inner)
    for unit, expected in ((inner, DONE), (outer, DONE), (other, PENDING)):
        (tmp_path / "onboarding.toml").write_text(f'{LITERAL}[accounts]\nexclude = ["{unit}"]\n')
        output, code = onboard("plan", "--account", account)
        assert (code, "is excluded by the configuration" in output) == (expected, expected == DONE), output
        if expected == DONE:
            output, code = onboard("apply", "--account", account, "--yes")
            assert (code, "is excluded by the configuration" in output) == (DONE, True), output


@pytest.mark.parametrize("asks", [False, True])
def test_apply_shows_the_plan_then_the_report_and_converges(onboard, account, iam, asks):
    apply = ["apply", "--account", account]
    output, code = onboard.answered("yes\n", *apply) if asks else onboard(*apply, "--yes")
    assert (code, QUESTION in output) == (DONE, asks), output
    assert 0 < output.find("\nPlan: ") < output.find("\nWho can assume what") < output.find("\nConverged: "), output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}
    written = len(onboard.wire.writes())
    for words in (["plan"], ["apply", "--yes"]):
        output, code = onboard(*words, "--account", account)
        assert (code, "Nothing to do" in output, len(onboard.wire.writes())) == (DONE, True, written), output


@pytest.mark.parametrize("records", [False, True])
def test_table_of_records_spares_the_sessions_of_roles_that_the_tool_created(world, onboard, account, iam, tmp_path, records):
    options = ["--records", world.template.table()["TableName"]] if records else []
    role = """[[role]]
name = "reader"
policies = { "read" = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ACTION","Resource":"*"}]}' }
[[role.trust]]
principal = "IDENTITY"
""".replace("IDENTITY", IDENTITY)
    for action in ("GetObject", "ListBucket"):
        (tmp_path / "onboarding.toml").write_text(LITERAL + role.replace("ACTION", action))
        output, code = onboard("apply", "--account", account, "--yes", *options)
        assert code == DONE, output
    assert ("revoke the sessions of role `reader`" in output) == (not records), output
    policies = set(iam_state.role(iam, "reader")["inline"])
    assert policies == ({"read"} if records else {"read", "AWSRevokeOlderSessions"})
    assert ("reader" in str(world.record(account))) == records


@pytest.mark.parametrize("answer", ["no\n", "\x04"])
def test_any_answer_except_yes_changes_nothing(onboard, account, untouched, answer):
    output, code = onboard.answered(answer, "apply", "--account", account)
    assert (code, QUESTION in output, "Nothing was changed." in output) == (PENDING, True, True), output
    output, code = onboard("apply", "--account", account)
    assert (code, "`--yes`" in output) == (ERROR, True), output


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_foreign_role_and_unknown_account_are_left_alone(onboard, account, iam, command):
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=trust(account))
    before = iam_state.role(iam, "TrelicaIntegration")
    output, code = onboard(*command, "--account", account)
    assert (code, "Refused: foreign_role" in output) == (BLOCKED, True), output
    assert iam_state.role(iam, "TrelicaIntegration") == before
    assumed = onboard.wire.named("sts:AssumeRole")
    output, code = onboard(*command, "--account", "999988887777")  # outside the organization
    assert (code, "999988887777" in output, onboard.wire.named("sts:AssumeRole")) == (BLOCKED, True, assumed), output
