"""`onboard audit --trust` with the real binary: roles that are planted in an account are found, named and judged, and nothing is
written."""

import csv
import io
import json

import iam_state
import pytest
from test_command_line import BLOCKED, DONE, ERROR, onboard  # noqa: F401
from world import ACCESS_ROLE, MANAGEMENT, root

STRANGER = "210987654321"
DATADOG = "464622532012"
SECRET = "e2e-trust-audit-s3cret"
GITHUB = "token.actions.githubusercontent.com"


def allow(principal, condition=None, action="sts:AssumeRole"):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]})


def with_external_id(account):
    return allow({"AWS": root(account)}, {"StringEquals": {"sts:ExternalId": SECRET}})


@pytest.fixture
def planted(iam, account):
    """Roles that principals outside the organization can assume, and others that look similar."""
    roles = {
        "Partner": allow({"AWS": root(STRANGER)}),
        "Datadog": with_external_id(DATADOG),
        "Public": allow("*"),
        "ci": allow(
            {"Federated": f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"},
            {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}},
            "sts:AssumeRoleWithWebIdentity",
        ),
        "Sibling": allow({"AWS": root(MANAGEMENT)}),
        "Service": allow({"Service": "lambda.amazonaws.com"}),
    }
    for name, trust in roles.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    # More roles than an emulator returns on a page.
    for number in range(120):
        iam.create_role(RoleName=f"service-{number}", AssumeRolePolicyDocument=roles["Service"])
    return roles


def audit(onboard, account, *words):
    return onboard("audit", "--trust", "--account", account, *words)


def test_planted_roles_are_found_and_nothing_is_written(onboard, planted, iam, account):  # noqa: F811
    before = iam_state.snapshot(iam)
    output, code = audit(onboard, account, "--format", "json")
    assert code == DONE, output
    assert SECRET not in output
    report = json.loads(output)
    found = {finding["role"]: one["principal"] for one in report["principals"] for finding in one["findings"]}
    assert found == {
        "Partner": f"account {STRANGER}",
        "Datadog": f"account {DATADOG}",
        "Public": "anyone (`*`)",
    }
    (github,) = report["identity_providers"]
    assert (github["principal"], github["severity"]) == (GITHUB, "low")
    by_principal = {one["principal"]: one for one in report["principals"]}
    assert by_principal[f"account {DATADOG}"]["name"] == "Datadog"
    assert by_principal[f"account {DATADOG}"]["findings"][0]["external_id"] == "required"
    assert by_principal[f"account {STRANGER}"]["severity"] == "high"
    assert report["severity"] == "critical"
    assert report["summary"]["roles_read"] == len(planted) + 120 + len([ACCESS_ROLE])
    assert (report["accounts_not_read"], report["policies_not_read"]) == ([], [])
    assert (iam_state.snapshot(iam), onboard.wire.writes()) == (before, [])


def test_formats_names_and_exit_codes(onboard, planted, account, tmp_path):  # noqa: F811
    (tmp_path / "accounts.yaml").write_text(f"- name: 'Our partner'\n  accounts: ['{STRANGER}']\n- name: broken\n")
    output, code = audit(onboard, account, "--known-accounts", "accounts.yaml", "--check")
    assert code == BLOCKED, output
    assert "3 principals outside the organization can assume 3 roles in 1 account" in output
    assert f"account {STRANGER}: Our partner" in output
    assert "warning: `accounts.yaml`: line 3: `broken` has no `accounts`" in output
    assert SECRET not in output
    output, code = audit(onboard, account, "--out", "trust.csv")
    assert code == DONE, output
    assert output == "Wrote trust.csv: 3 principals outside the organization, highest severity critical\n"
    lines = list(csv.DictReader(io.StringIO((tmp_path / "trust.csv").read_text())))
    assert {line["role"]: line["severity"] for line in lines} == {
        "Public": "critical",
        "Partner": "high",
        "Datadog": "low",
        "ci": "low",
    }


def test_account_that_cannot_be_accessed_is_an_error(onboard, planted, iam, account):  # noqa: F811
    for policy in iam.list_attached_role_policies(RoleName=ACCESS_ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=ACCESS_ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ACCESS_ROLE, PolicyName=policy)
    iam.delete_role(RoleName=ACCESS_ROLE)
    output, code = audit(onboard, account)
    assert code == ERROR, output
    assert "1 account could not be read, so the result is incomplete" in output
    assert f"({account})" in output


def test_wrong_options_are_explained(onboard, account):  # noqa: F811
    output, code = audit(onboard, account, "--format", "html")
    assert (code, output) == (ERROR, "error: `--trust` has no HTML format; pass `--format text`, `json` or `csv`\n")
    output, code = onboard("audit", "--known-accounts", "x.yaml")
    assert code == 2 and "--trust" in output
