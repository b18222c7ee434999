"""Hand-offs, and the documents to install a role manually, with the real `onboard`."""

import csv
import io
import json

import iam_state
import yaml
from test_command_line import DONE, ERROR, LITERAL, onboard  # noqa: F401  the fixture
from world import EXTERNAL_IDS

HOSTILE = "=HYPERLINK(1);+2"


def listed(onboard, *options):
    output, code = onboard("handoff", *options, "--format", "json")
    assert code == DONE, output
    return {one["account_id"]: one for one in json.loads(output[output.index("{") :])["handoffs"]}


def test_handoff_is_listed_until_it_is_done_and_again_when_its_text_changes(world, onboard, account, tmp_path):
    records = ["--records", world.template.table()["TableName"]]
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    output, code = onboard("apply", "--account", account, "--yes", *records)
    assert (code, f"`onboard handoff --account {account}`" in output) == (DONE, True), output

    mine = ["--vendor", "trelica", "--account", account, *records]
    one = listed(onboard, *mine)[account]
    assert (one["vendor"], one["status"], one["role_status"]) == ("trelica", "open", "holds")
    values = {field["label"]: field["value"] for field in one["fields"]}
    assert values == {"AWS account ID": account, "Region": "us-east-1", "Role name": "TrelicaIntegration"}
    output, _ = onboard("handoff", *mine)
    assert all(value in output for value in values.values()) and output.startswith("Hand-offs: 1 open, 0 done\n"), output

    done = ["handoff", "done", *mine]
    for expected in ("is done", "was done already"):
        output, code = onboard(*done)
        assert (code, expected in output) == (DONE, True), output
    assert listed(onboard, *mine)[account]["status"] == "done"
    assert list(world.record(account)["handoffs"]) == ["trelica"]
    output, _ = onboard("plan", "--account", account, *records)
    assert "Hand-off: Trelica" not in output and "Hand-off: Trend Micro" in output, output

    (tmp_path / "onboarding.toml").write_text(LITERAL + '[vendors.trelica.handoff]\nregion = "eu-west-1"\n')
    changed = listed(onboard, *mine)[account]
    assert (changed["status"], changed["changed"]) == ("open", True)
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    assert onboard(*done, "--undo")[1] == DONE
    assert listed(onboard, *mine)[account]["status"] == "open"
    output, code = onboard("handoff", "done", "--vendor", "trelica", "--account", account)
    assert (code, "`--records TABLE`" in output) == (ERROR, True), output


def test_all_accounts_are_in_the_csv_without_formulas(world, onboard, account, tmp_path):
    hostile = world.create_account(HOSTILE)[0]
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    output, code = onboard("handoff", "--all", "--format", "csv", "--records", world.template.table()["TableName"])
    assert code == DONE, output
    all_rows = list(csv.DictReader(io.StringIO(output)))
    role = f"arn:aws:iam::{account}:role/Workload_Security_Role_Cross"
    assert role in {row["Cross Account Role ARN"] for row in all_rows}, "the other vendor has a hand-off, too"
    rows = {row["account_id"]: row for row in all_rows if row["vendor"] == "trelica"}
    assert {account, hostile} <= set(rows) and world.management not in rows
    assert rows[hostile]["account_name"] == "'=HYPERLINK(1);'+2"
    assert rows[account]["Region"] == "us-east-1" and rows[account]["AWS account ID"] == account
    assert not [external_id for external_id in EXTERNAL_IDS.values() if external_id in output]


class Loader(yaml.SafeLoader):
    """Reads the functions of CloudFormation that the templates use."""


PSEUDO = {"AWS::Partition": "aws"}


def _reference(loader, node):
    name = loader.construct_scalar(node)
    return PSEUDO.get(name, f"<{name}>")


def _substitution(loader, node):
    text = loader.construct_scalar(node)
    for name, value in PSEUDO.items():
        text = text.replace("${%s}" % name, value)
    return text


Loader.add_constructor("!Ref", _reference)
Loader.add_constructor("!Sub", _substitution)
Loader.add_constructor("!GetAtt", lambda loader, node: loader.construct_scalar(node))



def test_documents_say_what_apply_installs(onboard, account, iam, tmp_path):
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    output, code = onboard("apply", "--account", account, "--yes")
    assert code == DONE, output
    for vendor, external_id in EXTERNAL_IDS.items():
        output, code = onboard("vendors", "show", vendor, "--cloudformation", "--config", "onboarding.toml")
        assert (code, external_id in output) == (DONE, False), output
        template = output[: output.index("note:")] if "note:" in output else output
        role = yaml.load(template, Loader)["Resources"]["Role"]["Properties"]
        installed = iam.get_role(RoleName=role["RoleName"])["Role"]
        trust = json.dumps(role["AssumeRolePolicyDocument"]).replace("<ExternalId>", external_id)
        assert json.loads(trust) == installed["AssumeRolePolicyDocument"]
        same = {name: installed[name] for name in ("Path", "Description", "MaxSessionDuration")}
        assert same == {name: role[name] for name in same}
        for policy in role["Policies"]:
            found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy["PolicyName"])
            assert found["PolicyDocument"] == policy["PolicyDocument"]
        assert set(iam_state.role(iam, role["RoleName"])["inline"]) == {one["PolicyName"] for one in role["Policies"]}
