"""`onboard undo` with the real programs: the trust policy that the function or `onboard apply` changed is restored byte for byte, read
back with another client."""

import json
import re
from urllib.parse import unquote

import pytest
from iam_state import snapshot
from test_command_line import BLOCKED, DONE, ERROR, PENDING, CommandLine
from world import ACCESS_ROLE, IDENTITY, MANAGEMENT, root

THEIR_ID = "their-external-id:e2e/secret"
CONFIGURATION = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n'


@pytest.fixture
def onboard(world, tmp_path):
    onboard = CommandLine(world, tmp_path)
    onboard.table = world.template.table()["TableName"]
    (tmp_path / "onboarding.toml").write_text(CONFIGURATION)
    yield onboard
    onboard.wire.close()


@pytest.fixture
def edited(iam):
    """The access role trusts another party with an external ID, in a text that no program writes like this."""
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Id": "edited manually",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": root(MANAGEMENT)}, "Action": "sts:AssumeRole"},
                {
                    "Sid": "Audit",
                    "Effect": "Allow",
                    "Principal": {"AWS": root(IDENTITY)},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": THEIR_ID}},
                },
            ],
        },
        indent=3,
    )
    iam.update_assume_role_policy(RoleName=ACCESS_ROLE, PolicyDocument=text)
    return text


def stored(iam):
    """The policy as IAM returns it: a client decodes it, or the text is still encoded."""
    document = iam.get_role(RoleName=ACCESS_ROLE)["Role"]["AssumeRolePolicyDocument"]
    return unquote(document) if isinstance(document, str) else document


def undo(onboard, account, *words):
    output, code = onboard("undo", "--account", account, "--records", onboard.table, *words)
    assert THEIR_ID not in output, "no secret is printed"
    return output, code


def apply(onboard, account):
    output, code = onboard("apply", "--account", account, "--records", onboard.table, "--yes")
    assert code == DONE, output


def test_change_of_apply_is_undone(world, onboard, iam, account, edited):
    before = stored(iam)
    apply(onboard, account)
    changed = stored(iam)
    assert changed != before
    record = world.record(account)
    assert "sha256:" in json.dumps(record, default=str) and THEIR_ID not in json.dumps(record, default=str)

    state = snapshot(iam)
    output, code = onboard("undo", "--account", account, "--yes")
    assert code == ERROR and "`--records`" in output, output
    output, code = undo(onboard, account)
    assert code == ERROR and "stdin is not a terminal; pass `--yes`" in output, output
    assert snapshot(iam) == state

    output, code = onboard.answered("no\n", "undo", "--account", account, "--records", onboard.table)
    assert (code, "Nothing was changed." in output, snapshot(iam) == state) == (PENDING, True, True), output

    output, code = undo(onboard, account, "--yes")
    assert code == DONE and "Restored: the trust policy of role" in output, output
    assert re.search(r"\n +- .*arn:aws:iam::", output), "the diff is shown"
    assert "are not revoked" in output and "adds the configured grants again" in " ".join(output.split()), output
    assert stored(iam) == before
    sent = [call.parameters["PolicyDocument"] for call in onboard.wire.named("iam:UpdateAssumeRolePolicy")]
    assert (len(sent), sent[-1]) == (2, edited), "the text of before is sent byte for byte"

    output, code = undo(onboard, account, "--yes")
    assert code == DONE and "Nothing to undo" in output, output


def test_change_of_the_function_is_undone_and_not_if_it_was_edited_since(world, onboard, function, iam, account):
    before = stored(iam)
    report = function.report({"account_id": account})
    assert report["outcome"] == "converged"
    left = stored(iam)
    assert left != before

    more = json.loads(json.dumps(left))
    more["Statement"].append({"Sid": "Later", **more["Statement"][0], "Principal": {"AWS": root("444455556666")}})
    iam.update_assume_role_policy(RoleName=ACCESS_ROLE, PolicyDocument=json.dumps(more))
    output, code = undo(onboard, account, "--yes", "--format", "json")
    found = json.loads(output)
    assert (code, found["cause"]["code"], found["changes"]) == (BLOCKED, "undo_refused", [])
    assert "`444455556666` was added" in found["cause"]["message"]
    assert stored(iam) == more

    iam.update_assume_role_policy(RoleName=ACCESS_ROLE, PolicyDocument=json.dumps(left, separators=(",", ":")))
    output, code = undo(onboard, account, "--yes", "--format", "json")
    found = json.loads(output)
    assert (code, found["outcome"]) == (DONE, "converged"), output
    assert [change["status"] for change in found["changes"]] == ["done"]
    assert stored(iam) == before
    assert "/" in found["undo"]["run"], "the invocation and the message"


def test_unknown_run_is_refused(onboard, account):
    output, code = undo(onboard, account, "--run", "unknown", "--yes")
    assert code == BLOCKED and "undo_refused" in output, output
    apply(onboard, account)
    output, code = undo(onboard, account, "--run", "unknown", "--yes")
    assert code == BLOCKED and "has no run `unknown`" in " ".join(output.split()) and "command-line-" in output, output
