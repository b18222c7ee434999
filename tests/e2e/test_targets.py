"""`targets` with the real `onboard`: nested units by their names, tags, and an account that is moved to another unit or no longer selected."""

import json

import iam_state
import pytest
from test_command_line import BLOCKED, DONE, PENDING, onboard  # noqa: F401
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, MANAGEMENT

TRELICA, SECURITY = "TrelicaIntegration", "Workload_Security_Role_Cross"


def config(trelica, security):
    vendors = {"trelica": trelica, "workload-security": security}
    return f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n' + "".join(
        f'[vendors.{name}]\nexternal-id = "{EXTERNAL_IDS[name]}"\ntargets = {targets}\n' for name, targets in vendors.items()
    )


@pytest.fixture
def organizations(world):
    return world.server.client("organizations", MANAGEMENT)


@pytest.fixture
def units(organizations):
    """The ID of the root, and of two units in it; the second has a unit named Nested."""
    root = organizations.list_roots()["Roots"][0]["Id"]

    def unit(parent, name):
        found = organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
        existing = [one["Id"] for one in found if one["Name"] == name]
        if existing:
            return existing[0]
        created = organizations.create_organizational_unit(ParentId=parent, Name=name)
        return created["OrganizationalUnit"]["Id"]

    outer = unit(root, "Targets Outer")
    return {"root": root, "outer": outer, "nested": unit(outer, "Nested"), "other": unit(root, "Targets Other")}


def test_vendors_reach_the_accounts_of_their_targets(world, onboard, account, iam, organizations, units, tmp_path):  # noqa: F811
    table = world.template.table()["TableName"]
    apply = ["apply", "--account", account, "--yes", "--records", table, "--format", "json"]
    (tmp_path / "onboarding.toml").write_text(
        config(
            '{ organizational-units = ["Targets Outer"] }', '{ tags = { env = ["prod", "dev"], "cost center" = "12" } }'
        )
    )
    organizations.move_account(
        AccountId=account, SourceParentId=units["root"], DestinationParentId=units["nested"]
    )
    output, code = onboard(*apply)
    report = json.loads(output)
    assert (code, report["not_selected"]) == (DONE, [SECURITY]), output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, TRELICA}

    tags = [{"Key": "env", "Value": "dev"}, {"Key": "cost center", "Value": "12"}]
    organizations.tag_resource(ResourceId=account, Tags=tags)
    organizations.move_account(
        AccountId=account, SourceParentId=units["nested"], DestinationParentId=units["other"]
    )
    output, code = onboard(*apply)
    report = json.loads(output)
    assert (code, report["not_selected"], report["unselected"]) == (DONE, [TRELICA], [TRELICA]), output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, TRELICA, SECURITY}, "nothing is removed"
    text, code = onboard("plan", "--account", account, "--records", table)
    assert (code, f"not selected: {TRELICA}" in text) == (DONE, True), text
    assert not [secret for secret in EXTERNAL_IDS.values() if secret in output + text]


def test_unit_that_does_not_exist_is_refused_with_a_similar_name(onboard, account, iam, units, tmp_path):  # noqa: F811
    (tmp_path / "onboarding.toml").write_text(
        config('{ organizational-units = ["Targets Outer/Nestled"] }', '{ exclude = { accounts = ["999988887777"] } }')
    )
    output, code = onboard("apply", "--account", account, "--yes")
    assert (code, "did you mean `Nested`?" in " ".join(output.split())) == (BLOCKED, True), output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, SECURITY}


def test_what_the_targets_no_longer_select_is_removed(world, onboard, account, iam, tmp_path):  # noqa: F811
    """With `on-unselect = "remove"`, and only what the record knows."""
    table = ("--records", world.template.table()["TableName"])
    every, other = '{ exclude = { accounts = ["999988887777"] } }', '{ accounts = ["999988887777"] }'

    def configure(targets):
        text = config(targets, every)
        for line, new in ((f"targets = {targets}\n", ""), (f'principal = "{IDENTITY}"\n', f"targets = {targets}\n")):
            text = text.replace(line, f'{line}{new}on-unselect = "remove"\n', 1)
        (tmp_path / "onboarding.toml").write_text(text)

    def trusted():
        return json.dumps(iam_state.snapshot(iam)["roles"][ACCESS_ROLE]["trust"])

    before = trusted()
    configure(every)
    output, code = onboard("apply", "--account", account, "--yes", *table)
    assert (code, IDENTITY in trusted()) == (DONE, True), output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, TRELICA, SECURITY}
    installed = iam_state.snapshot(iam)

    configure(other)
    output, code = onboard("config", "check", "onboarding.toml")
    assert code == DONE, output
    # Without the record, nothing shows what this tool made.
    output, code = onboard("apply", "--account", account, "--yes")
    assert (code, iam_state.snapshot(iam)) == (DONE, installed), output

    saved = str(tmp_path / "plan.json")
    output, code = onboard("plan", "--account", account, *table, "--out", saved)
    assert (code, f"  - delete role `{TRELICA}`" in output) == (PENDING, True), output
    assert iam_state.snapshot(iam) == installed
    output, code = onboard("apply", saved, *table, "--yes")
    assert code == DONE, output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, SECURITY}
    assert IDENTITY not in trusted() and MANAGEMENT in trusted() and MANAGEMENT in before
    removed = iam_state.snapshot(iam)
    record = world.record(account)
    assert (TRELICA in record["roles"], record["requirements"][TRELICA]) == (False, "not_selected"), record

    output, code = onboard("apply", "--account", account, "--yes", *table, "--format", "json")
    report = json.loads(output)
    assert (code, report["changes"], report.get("unselected", [])) == (DONE, [], []), output
    assert iam_state.snapshot(iam) == removed
