"""`onboard accounts` with the real binary on moto, which creates the access role with an account, as Organizations does.

The commands and the files are those of docs/ACCOUNTS.md."""

import csv
import io
import json
import re
import shlex
import signal
import subprocess
import threading
from itertools import count
from pathlib import Path

import iam_state
import pytest
from stack import REGION
from test_command_line import DONE, ERROR, LITERAL, ONBOARD, PENDING, QUESTION, WAITING, CommandLine
from test_deploy_page import TOOLS, needs_tools
from wire import Wire
from world import ACCESS_ROLE, IDENTITY, root

DOCUMENT = (Path(__file__).parents[2] / "docs" / "ACCOUNTS.md").read_text()
ROLES = {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}
_numbers = count(1)


def block(language):
    """The first block of the document in a language."""
    return re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL).group(1)


def command(start):
    """The words of a command of the document, without `onboard`."""
    (line,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"onboard {start}")][:1]
    return shlex.split(line)[1:]


@pytest.fixture(scope="module")
def organizations(moto_world):
    """Organizations, with the units of the document."""
    organizations = moto_world.server.client("organizations", moto_world.management)
    top = organizations.list_roots()["Roots"][0]["Id"]
    unit = lambda parent, name: organizations.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]  # noqa: E731
    workloads = unit(top, "Workloads")
    for name in ("Dev", "Prod"):
        unit(workloads, name)
    return organizations


@pytest.fixture
def onboard(moto_world, organizations, tmp_path):
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    onboard = CommandLine(moto_world, tmp_path)
    yield onboard
    onboard.wire.close()


def unique(text):
    """The text with emails that no other test uses."""
    return text.replace("aws+", f"aws+{next(_numbers)}-")


def listed(organizations, email):
    pages = organizations.get_paginator("list_accounts").paginate()
    return [account for page in pages for account in page["Accounts"] if account["Email"].lower() == email.lower()]


def unit_of(organizations, account):
    parent = organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
    return organizations.describe_organizational_unit(OrganizationalUnitId=parent)["OrganizationalUnit"]["Name"]


def assert_onboarded(world, account):
    iam = world.iam_in(account)
    assert set(iam_state.snapshot(iam)["roles"]) == ROLES
    assert root(IDENTITY) in json.dumps(iam_state.role(iam, ACCESS_ROLE)["trust"])


def test_account_is_created_moved_and_onboarded_after_one_yes(moto_world, organizations, onboard):
    words = [unique(word) for word in command("accounts create --name")]
    email = words[words.index("--email") + 1]
    output, code = onboard.answered("no\n", *words)
    assert (code, QUESTION in output, "Nothing was changed." in output) == (PENDING, True, True), output
    assert listed(organizations, email) == [] and onboard.wire.named("organizations:CreateAccount") == []

    output, code = onboard.answered("yes\n", *words)
    assert code == DONE, output
    (account,) = listed(organizations, email)
    assert (account["Name"], unit_of(organizations, account["Id"])) == ("payments-dev", "Dev")
    tags = organizations.list_tags_for_resource(ResourceId=account["Id"])["Tags"]
    assert tags == [{"Key": "team", "Value": "payments"}]
    assert_onboarded(moto_world, account["Id"])
    (call,) = onboard.wire.named("organizations:CreateAccount")
    assert call.parameters["RoleName"] == ACCESS_ROLE and call.parameters["IamUserAccessToBilling"] == "ALLOW"
    assert 0 < output.find("Plan: 1 account to create") < output.find(QUESTION) < output.find("Converged: ")
    assert output.count(QUESTION) == 1
    assert "https://signin.aws.amazon.com/switchrole?" in output and f"`onboard handoff --account {account['Id']}`" in output


def test_file_of_accounts_is_created_once(moto_world, organizations, onboard, tmp_path):
    text = unique(block("csv"))
    (tmp_path / "accounts.csv").write_text(text)
    words = [*command("accounts create --from"), "--yes"]
    output, code = onboard(*words)
    assert (code, "2 accounts: 2 created, 2 converged" in output) == (DONE, True), output
    rows = list(csv.DictReader(io.StringIO(text)))
    created = [listed(organizations, row["email"]) for row in rows]
    assert [len(found) for found in created] == [1, 1]
    for row, (account,) in zip(rows, created):
        assert unit_of(organizations, account["Id"]) == row["ou"].rpartition("/")[2]
        assert_onboarded(moto_world, account["Id"])
    written, requested = len(onboard.wire.writes()), len(onboard.wire.named("organizations:CreateAccount"))
    assert requested == 2

    # The emails in another case are the same accounts.
    (tmp_path / "accounts.csv").write_text(text.replace("@example.com", "@EXAMPLE.com"))
    output, code = onboard(*words)
    assert (code, "2 accounts: 0 created, 2 converged" in output) == (DONE, True), output
    assert (len(onboard.wire.writes()), len(onboard.wire.named("organizations:CreateAccount"))) == (written, requested)
    assert [len(listed(organizations, row["email"])) for row in rows] == [1, 1]


def test_lost_response_and_a_move_are_continued(moto_world, organizations, onboard, tmp_path):
    """An account as a killed run leaves it: created, and neither moved nor onboarded."""
    email = unique("aws+left@example.com")
    status = organizations.create_account(Email=email, AccountName="another name")["CreateAccountStatus"]
    words = ["accounts", "create", "--name", "left", "--email", email.upper(), "--ou", "Workloads/Prod", "--yes"]
    output, code = onboard(*words)
    assert code == DONE, output
    assert "stays `another name`, not `left`" in output and "moved to Workloads/Prod" in output
    assert onboard.wire.named("organizations:CreateAccount") == []
    assert unit_of(organizations, status["AccountId"]) == "Prod"
    assert_onboarded(moto_world, status["AccountId"])


def test_errors_of_the_file_are_all_printed_and_nothing_is_asked_of_aws(onboard, tmp_path):
    rows = "ok,ok@example.com,\nbad,nope,\nother,other@example.com,maybe\n"
    (tmp_path / "accounts.csv").write_text("name,email,iam-billing\n" + rows)
    output, code = onboard(*command("accounts create --from"), "--yes")
    assert (code, output) == (ERROR, block("text"))
    assert onboard.wire.calls == []

    (tmp_path / "accounts.csv").write_text("name,email,ou\na,a1@example.com,Workloads/Dve\nb,b1@example.com,Nowhere\n")
    output, code = onboard(*command("accounts create --from"), "--yes")
    assert code == ERROR and "accounts.csv:2: ou: `Workloads` contains no unit `Dve`; did you mean `Dev`?\n" in output, output
    assert "accounts.csv:3: ou: " in output and onboard.wire.named("organizations:CreateAccount") == []

    output, code = onboard("accounts", "create", "--name", "a", "--email", "a2@example.com")
    assert (code, "`--yes`" in output) == (ERROR, True), output


def test_accounts_are_listed_with_unit_and_recorded_outcome(moto_world, organizations, onboard):
    hostile = "=1+\x1b[2J\n"
    status = organizations.create_account(Email=unique("aws+hostile@example.com"), AccountName=hostile)
    hostile = status["CreateAccountStatus"]["AccountId"]
    table = moto_world.template.table()["TableName"]
    email = unique("aws+listed@example.com")
    output, code = onboard(
        "accounts", "create", "--name", "listed", "--email", email, "--ou", "Workloads/Dev", "--yes", "--records", table
    )
    assert code == DONE, output
    (account,) = listed(organizations, email)

    words = [word.replace("$TABLE", table) for word in command("accounts list --records")]
    output, code = onboard(*words)
    assert code == DONE, output
    rows = {row["account_id"]: row for row in csv.DictReader(io.StringIO(output))}
    mine = rows[account["Id"]]
    assert (mine["account_name"], mine["unit"], mine["state"], mine["outcome"]) == ("listed", "Workloads/Dev", "ACTIVE", "converged")
    assert rows[hostile]["account_name"].startswith("'=1+") and "\x1b" not in output
    assert (rows[hostile]["outcome"], moto_world.management in rows) == ("", True)

    output, code = onboard(*command("accounts list"))
    assert (code, "\x1b[2J" in output) == (DONE, False), output
    assert re.search(rf"listed +{account['Id']} +ACTIVE +\d{{4}}-\d\d-\d\d +Workloads/Dev", output), output
    output, code = onboard("accounts", "list", "--format", "json", "--records", table)
    found = {one["account_id"]: one for one in json.loads(output)["accounts"]}
    assert found[account["Id"]]["recorded"]["outcome"] == "converged" and found[account["Id"]]["unit"] == "Workloads/Dev"


class HoldingWire(Wire):
    """Keeps back the responses of CreateAccount until `released` is set; `held` is set when AWS has answered the first."""

    def __init__(self, upstream_port):
        self.held, self.released = threading.Event(), threading.Event()
        super().__init__(upstream_port)

    def forward(self, handler, call, body):
        answer = super().forward(handler, call, body)
        if call.name == "organizations:CreateAccount":
            self.held.set()
            assert self.released.wait(30)
        return answer


def test_ctrl_c_finishes_what_is_in_progress_and_the_same_command_continues(moto_world, organizations, onboard, tmp_path):
    emails = [unique("aws+interrupted@example.com") for _ in range(6)]
    rows = [f"interrupted-{number},{email},Workloads/Dev" for number, email in enumerate(emails)]
    (tmp_path / "accounts.csv").write_text("\n".join(["name,email,ou", *rows, ""]))
    words = [*command("accounts create --from"), "--yes"]
    onboard.wire.close()
    onboard.wire = wire = HoldingWire(moto_world.server.port)
    onboard.options["env"]["AWS_ENDPOINT_URL"] = wire.url

    process = subprocess.Popen(["timeout", "--foreground", "60", ONBOARD, *words], **onboard.options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert wire.held.wait(30)
        process.send_signal(signal.SIGINT)
        printed = b""
        while b"Interrupted: " not in printed and (line := process.stdout.readline()):
            printed += line
        wire.released.set()
        # communicate() would lose what the reader has buffered.
        printed = (printed + process.stdout.read()).decode()
        process.wait(60)
    finally:
        process.kill()
    assert process.returncode == WAITING, printed
    assert "Interrupted: the accounts in progress are finished; press Ctrl-C again to stop at once." in " ".join(printed.split()), printed
    assert printed.endswith("Run the same command again to continue: finished steps are not repeated.\n"), printed
    # Each account that was requested exists and the run knows it; no other account was requested.
    created = [account for email in emails for account in listed(organizations, email)]
    requested = len(wire.named("organizations:CreateAccount"))
    assert 0 < len(created) == requested < len(emails), printed
    assert printed.count(": requested (`car-") == requested and printed.count(": not started\n") == len(emails) - requested, printed

    output, code = onboard(*words)
    assert (code, f"{len(emails)} accounts: {len(emails) - requested} created, {len(emails)} converged" in output) == (DONE, True), output
    assert len(wire.named("organizations:CreateAccount")) == len(emails)
    for email in emails:
        (account,) = listed(organizations, email)
        assert unit_of(organizations, account["Id"]) == "Dev"
        assert_onboarded(moto_world, account["Id"])


@needs_tools
def test_commands_for_a_user_with_mfa_and_a_group_for_billing(moto_world, tmp_path):
    section = DOCUMENT.split("\n## A user with MFA and a group for billing\n")[1]
    commands = re.search(r"```sh\n(.*?)```", section, re.DOTALL).group(1).replace("111122223333", moto_world.management)
    credentials = moto_world.credentials()
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{TOOLS}:/usr/bin:/bin",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{moto_world.server.port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PASSWORD": "Example-1-password",
        "CODE1": "123456",
        "CODE2": "234567",
    }
    script = ["bash", "--norc", "-euo", "pipefail", "-c", commands]
    run = subprocess.run(script, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout

    iam = moto_world.server.client("iam", moto_world.management)
    (group,) = iam.list_groups_for_user(UserName="ann")["Groups"]
    assert group["GroupName"] == "billing"
    (policy,) = iam.list_attached_group_policies(GroupName="billing")["AttachedPolicies"]
    assert policy["PolicyArn"] == "arn:aws:iam::aws:policy/job-function/Billing"
    assert iam.get_login_profile(UserName="ann")["LoginProfile"]["UserName"] == "ann"
    (device,) = iam.list_mfa_devices(UserName="ann")["MFADevices"]
    assert device["SerialNumber"] == f"arn:aws:iam::{moto_world.management}:mfa/ann"
    assert (tmp_path / "ann.png").stat().st_size > 0
