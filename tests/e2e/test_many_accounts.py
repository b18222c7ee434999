"""`onboard plan` and `onboard apply` for many accounts, with the real binary on ministack: in a pipe, on a terminal, interrupted,
and with a plan in a file."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import iam_state
import pytest
from holding_wire import HoldingWire
from test_command_line import BLOCKED, DONE, ERROR, LITERAL, ONBOARD, PENDING, WAITING, CommandLine
from wire import Answer, Wire
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, root

COUNT = 12
DOCUMENT = (Path(__file__).parents[2] / "docs" / "MANY_ACCOUNTS.md").read_text()
ROLES = {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}
HOSTILE = "x\x1b[2Jerror: y"


class Accounts:
    """A dozen accounts in a unit of their own, of which the last has no access role."""

    def __init__(self, world, folder):
        self.world = world
        self.organizations = world.server.client("organizations", world.management)
        top = self.organizations.list_roots()["Roots"][0]["Id"]
        self.unit_name = f"Many-{folder.name}"
        self.unit = self._unit(top, self.unit_name)
        below = self._unit(self.unit, "Below")
        names = [f"many-{number}" for number in range(COUNT - 2)] + [HOSTILE]
        self.good = [world.create_account(name)[0] for name in names]
        self.bad, _ = world.create_account_without_role("without-role")
        for number, account in enumerate(self.all):
            parent = below if number % 2 else self.unit
            self.organizations.move_account(AccountId=account, SourceParentId=top, DestinationParentId=parent)

    @property
    def all(self):
        return [*self.good, self.bad]

    def _unit(self, parent, name):
        return self.organizations.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]

    def assert_onboarded(self, *accounts):
        for account in accounts:
            iam = self.world.iam_in(account)
            assert set(iam_state.snapshot(iam)["roles"]) == ROLES, account
            assert root(IDENTITY) in json.dumps(iam_state.role(iam, ACCESS_ROLE)["trust"]), account

    def assert_untouched(self, *accounts):
        for account in accounts:
            assert set(iam_state.snapshot(self.world.iam_in(account))["roles"]) == {ACCESS_ROLE}, account


@pytest.fixture
def accounts(world, tmp_path):
    return Accounts(world, tmp_path)


@pytest.fixture(scope="module")
def credentials(world):
    """Those of a person with the permissions of the function and those that docs/MANY_ACCOUNTS.md lists."""
    table = DOCUMENT.split("## Permissions")[1]
    document = {"Effect": "Allow", "Action": sorted(set(re.findall(r"organizations:\w+", table))), "Resource": "*"}
    world.function_role("many-accounts")
    iam = world.server.client("iam", world.management)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    iam.put_role_policy(RoleName="many-accounts", PolicyName="many-accounts", PolicyDocument=policy)
    return world.credentials("many-accounts")


@pytest.fixture
def onboard(world, credentials, tmp_path):
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    onboard = CommandLine(world, tmp_path)
    keys = {"ACCESS_KEY_ID": "AccessKeyId", "SECRET_ACCESS_KEY": "SecretAccessKey", "SESSION_TOKEN": "SessionToken"}
    onboard.options["env"].update({f"AWS_{name}": credentials[key] for name, key in keys.items()})
    # stdout must contain the data only.
    onboard.options["stderr"] = subprocess.PIPE
    yield onboard
    onboard.wire.close()


def run(onboard, *words, timeout=60):
    command = ["timeout", str(timeout), ONBOARD, *words]
    done = subprocess.run(command, **onboard.options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def named(accounts):
    return [f"--account={account}" for account in accounts]


def no_secret(*texts):
    assert not [secret for secret in EXTERNAL_IDS.values() if secret in "".join(texts)]


def test_unit_is_planned_applied_and_planned_again_in_a_pipe(onboard, accounts):
    out, err, code = run(onboard, "plan", "--ou", accounts.unit_name, "--wait", "0")
    assert code == WAITING, out + err
    flat = " ".join(out.split())
    assert f"{COUNT} accounts: {COUNT - 1} need changes, 1 waiting" in flat, out
    units = f"in {accounts.unit_name} ({COUNT // 2}), {accounts.unit_name}/Below ({COUNT // 2 - 1})"
    assert units in flat, out
    assert f"{COUNT - 1} accounts: these" in flat and out.count("create role `TrelicaIntegration`") == 1, out
    assert accounts.bad in out and "\x1b" not in out + err
    lines = [line for line in err.splitlines() if line.startswith("[")]
    assert len(lines) == COUNT and all(any(account in line for line in lines) for account in accounts.all), err
    assert onboard.wire.writes() == []

    out, err, code = run(onboard, "apply", "--ou", accounts.unit, "--wait", "0", "--yes", "--format", "json")
    assert code == WAITING, out + err
    *reports, last = [json.loads(line) for line in out.splitlines()]
    assert {report["account_id"] for report in reports} == set(accounts.all)
    assert {report["account_id"] for report in reports if report["outcome"] == "converged"} == set(accounts.good)
    assert last["summary"]["converged"] == COUNT - 1 and last["summary"]["waiting"] == 1, last
    below = f"{accounts.unit_name}/Below"
    expected = {account: below if number % 2 else accounts.unit_name for number, account in enumerate(accounts.all)}
    assert {report["account_id"]: report["unit"] for report in reports} == expected
    assert last["warnings"] == []
    no_secret(out, err)
    accounts.assert_onboarded(*accounts.good)

    written = len(onboard.wire.writes())
    out, err, code = run(onboard, "apply", *named(accounts.good[:2]), "--yes")
    assert (code, "2 accounts: 2 converged" in out, len(onboard.wire.writes())) == (DONE, True, written), out + err


def test_what_does_not_exist_is_named_before_anything_is_read_in_accounts(onboard, accounts, tmp_path):
    (tmp_path / "accounts.txt").write_text(f"# pilot\n{accounts.good[0]}\n999999999999\n")
    out, err, code = run(onboard, "plan", "--accounts-file", "accounts.txt", "--ou", f"{accounts.unit_name}/Belwo")
    assert (code, out) == (ERROR, "")
    assert f"`{accounts.unit_name}` contains no unit `Belwo`; did you mean `Below`?" in err, err
    assert "accounts.txt:3: account 999999999999 is not in the organization" in err, err
    assert onboard.wire.named("sts:AssumeRole") == []


class UnitsDenied(Wire):
    """Denies to list organizational units."""

    def forward(self, handler, call, body):
        if call.name != "organizations:ListOrganizationalUnitsForParent":
            return super().forward(handler, call, body)
        self.calls.append(call)
        headers = (("Content-Type", "application/x-amz-json-1.1"),)
        return Answer(400, b'{"__type":"AccessDeniedException","Message":"not authorized"}', headers)


def test_units_that_cannot_be_read_are_shown_with_their_ids(onboard, accounts):
    onboard.wire.close()
    onboard.wire = UnitsDenied(accounts.world.server.port)
    onboard.options["env"]["AWS_ENDPOINT_URL"] = onboard.wire.url
    out, err, code = run(onboard, "plan", "--ou", accounts.unit, "--wait", "0")
    flat = " ".join(err.split())
    assert code == WAITING and f"in {accounts.unit} ({COUNT // 2}), ou-" in " ".join(out.split()), out + err
    assert flat.count("warning: the names of the units cannot be read, so that their IDs are shown") == 1, err
    assert len(onboard.wire.named("organizations:ListOrganizationalUnitsForParent")) == 1


def test_targets_of_a_plan_for_all_accounts_are_compared_with_the_organization(onboard, accounts, tmp_path):
    config = tmp_path / "onboarding.toml"
    targets = 'targets.organizational-units = ["Many-Belwo", "ou-ab12-missing1"]'
    grants = {"482913650127": targets, "482913650128": 'targets.accounts = ["999999999999"]'}
    text = [f'[[access-role.grant]]\nprincipal = "{account}"\n{targets}' for account, targets in grants.items()]
    config.write_text("\n".join([LITERAL, *text]))
    out, err, code = run(onboard, "plan", "--all", "--wait", "0", "--format", "json")
    last = json.loads(out.splitlines()[-1])
    texts = [warning["text"] for warning in last["warnings"]]
    flat = " ".join(err.split())
    for part in ["contains no unit `Many-Belwo`", "the organization has no unit `ou-ab12-missing1`", "selects none of"]:
        assert sum(part in text for text in texts) == 1 and part in flat, out + err


def test_tags_narrow_a_unit(onboard, accounts):
    tagged = accounts.good[3]
    accounts.organizations.tag_resource(ResourceId=tagged, Tags=[{"Key": "stage", "Value": "prod"}])
    out, err, code = run(onboard, "plan", "--ou", accounts.unit, "--tag", "stage=prod", "--format", "json")
    report, last = [json.loads(line) for line in out.splitlines()]
    assert (code, report["account_id"], last["summary"]["accounts"]) == (PENDING, tagged, 1), out + err


def test_saved_plan_is_applied_exactly(onboard, accounts, tmp_path):
    listed = tmp_path / "accounts.csv"
    listed.write_text("account_name,account_id\n" + "".join(f"x,{account}\n" for account in accounts.good))
    out, err, code = run(onboard, "plan", "--accounts-file", "accounts.csv", "--out", "plan.json")
    assert (code, "onboard apply plan.json\n" in out) == (PENDING, True), out + err
    path = tmp_path / "plan.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    no_secret(path.read_text())
    changed, *others = accounts.good
    iam = accounts.world.iam_in(changed)
    iam.create_role(RoleName="TrelicaIntegration", AssumeRolePolicyDocument=json.dumps(iam_state.role(iam, ACCESS_ROLE)["trust"]))

    config = tmp_path / "onboarding.toml"
    text = config.read_text()
    config.write_text(text + "\n# changed\n")
    out, err, code = run(onboard, "apply", "plan.json", "--yes")
    assert (code, "the configuration is not the one that was planned with" in err) == (ERROR, True), out + err
    config.write_text(text)
    plan = json.loads(path.read_text())
    plan["accounts"][0]["changes"][0]["hash"] = "0" * 63
    (tmp_path / "broken.json").write_text(json.dumps(plan))
    out, err, code = run(onboard, "apply", "broken.json", "--yes")
    assert (code, "it is not a saved plan" in err, onboard.wire.writes()) == (ERROR, True, []), out + err

    out, err, code = run(onboard, "apply", "plan.json", "--yes", "--format", "json")
    reports = {report["account_id"]: report for report in map(json.loads, out.splitlines()) if "account_id" in report}
    assert code == BLOCKED and reports[changed]["cause"]["code"] == "plan_changed", out + err
    assert {reports[account]["outcome"] for account in others} == {"converged"}
    accounts.assert_onboarded(*others)
    assert root(IDENTITY) not in json.dumps(iam_state.role(iam, ACCESS_ROLE)["trust"])


def test_terminal_shows_a_bar_and_asks_once(onboard, accounts):
    onboard.options["stderr"] = subprocess.STDOUT
    words = ["apply", "--ou", accounts.unit, "--wait", "0"]
    output, code = onboard.answered("no\n", *words)
    assert f"[{COUNT}/{COUNT}] " in output, "a terminal that cannot move its cursor gets lines"
    onboard.options["env"]["TERM"] = "xterm"
    output, code = onboard.answered("no\n", *words)
    assert (code, output.count("Apply? Only 'yes' will be accepted")) == (WAITING, 1), output
    assert "Nothing was changed." in output and onboard.wire.writes() == []
    assert re.search(rf"Reading .*\d+/{COUNT} ", output), output
    assert "\x1b[2Jerror" not in output
    output, code = onboard.answered("yes\n", *words)
    assert code == WAITING and re.search(rf"Applying .*\d+/{COUNT - 1} ", output), output
    accounts.assert_onboarded(*accounts.good)


def test_ctrl_c_finishes_the_accounts_in_progress_and_the_same_command_continues(onboard, accounts):
    words = ["apply", *named(accounts.good), "--yes", "--concurrency", "2"]
    onboard.wire.close()
    onboard.wire = wire = HoldingWire(accounts.world.server.port, "iam:CreateRole")
    onboard.options["env"]["AWS_ENDPOINT_URL"] = wire.url
    command = ["timeout", "--foreground", "60", ONBOARD, *words]
    process = subprocess.Popen(command, **onboard.options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        wire.wait()
        process.send_signal(signal.SIGINT)
        printed = b""
        while b"Interrupted: " not in printed and (line := process.stderr.readline()):
            printed += line
        wire.released.set()
        out, err = process.stdout.read().decode(), (printed + process.stderr.read()).decode()
        process.wait(60)
    finally:
        process.kill()
    assert process.returncode == WAITING, out + err
    assert "Run the same command to continue" in " ".join(err.split())
    converged = int(re.search(r"(\d+) converged", out).group(1))
    waiting = int(re.search(r"(\d+) not started", out).group(1))
    assert (converged, waiting) == (2, COUNT - 3), out + err
    roles = [set(iam_state.snapshot(accounts.world.iam_in(account))["roles"]) for account in accounts.good]
    assert sorted(map(len, roles)) == [1] * (COUNT - 3) + [3] * 2

    out, err, code = run(onboard, *words)
    assert code == DONE, out + err
    accounts.assert_onboarded(*accounts.good)


def test_ctrl_c_at_the_question_changes_nothing(onboard, accounts):
    terminal, child_terminal = pty.openpty()
    options = {**onboard.options, "stderr": child_terminal}
    command = [ONBOARD, "apply", *named(accounts.good[:2])]
    process = subprocess.Popen(command, **options, stdin=child_terminal, stdout=child_terminal, start_new_session=True)
    os.close(child_terminal)
    output = b""
    with suppress(OSError):
        while b"Only 'yes' will be accepted" not in output and (piece := os.read(terminal, 1 << 16)):
            output += piece
    process.send_signal(signal.SIGINT)
    with suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            output += piece
    os.close(terminal)
    assert process.wait(30) == PENDING, output.decode()
    assert b"Nothing was changed." in output
    accounts.assert_untouched(*accounts.good[:2])
