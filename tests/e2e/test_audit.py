"""The audit with the real `onboard`, after the function has onboarded accounts."""

import csv
import io
import json
import re

from test_command_line import DONE, LITERAL, onboard  # noqa: F401  the fixture
from world import EXTERNAL_IDS

HOSTILE = "</script><img src=x onerror=alert(1)>"
PENDING = 3


def audited(onboard, *options):
    output, code = onboard("audit", "--format", "json", *options)
    assert code == DONE, output
    audit = json.loads(output[output.index("{") :])
    return audit, {one["account_id"]: one for one in audit["accounts"]}


def test_audit_of_onboarded_drifted_and_unseen_accounts(world, onboard, account, iam, tmp_path):
    records = ["--records", world.template.table()["TableName"]]
    credentials = world.operator_role()
    names = {"AccessKeyId": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY", "SessionToken": "AWS_SESSION_TOKEN"}
    onboard.options["env"].update({name: credentials[key] for key, name in names.items()})
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    hostile = world.create_account(HOSTILE)[0]
    output, code = onboard("apply", "--account", account, "--yes", *records)
    assert code == DONE, output
    selection = ["--account", account, "--account", hostile, *records]

    audit, accounts = audited(onboard, *selection)
    assert (audit["version"], audit["source"]) == (1, "records")
    assert accounts[account]["status"] == "converged" and accounts[account]["configuration"] == "same"
    assert {one["status"] for one in accounts[account]["requirements"]} == {"holds"}
    assert all(one["since"] for one in accounts[account]["requirements"])
    assert accounts[hostile]["status"] == "never_seen"
    output, code = onboard("audit", "--check", *selection)
    assert (code, "never seen" in output) == (PENDING, True), output
    output, code = onboard("audit", "--check", "--account", account, *records)
    assert code == DONE, output

    iam.update_assume_role_policy(RoleName="TrelicaIntegration", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}],
    }))
    before = world.record(account)
    audit, accounts = audited(onboard, "--live", *selection)
    assert (audit["source"], accounts[account]["status"]) == ("live", "drift")
    role = next(one for one in accounts[account]["roles"] if one["role"] == "TrelicaIntegration")
    assert {line[0] for line in role["trust_policy"]} == {" ", "+", "-"}, role
    assert world.record(account) == before, "an audit writes nothing"

    output, code = onboard("audit", "--live", "--out", "audit.html", *selection)
    assert (code, output.startswith("Wrote audit.html: 2 accounts, 0 converged, 2 need attention")) == (DONE, True), output
    page = (tmp_path / "audit.html").read_text()
    assert "<img" not in page and len(re.findall("<script", page)) == 2
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert HOSTILE in {one[1] for one in data["accounts"]}
    output, code = onboard("audit", "--format", "csv", *selection)
    rows = list(csv.DictReader(io.StringIO(output)))
    assert {row["account_id"] for row in rows} == {account, hostile} and code == DONE
    assert not [secret for secret in EXTERNAL_IDS.values() if secret in page + output + json.dumps(audit)]
