"""A grant on the access role that ends (`until`), with the real `onboard` and the real function."""

import json

import pytest
from test_command_line import BLOCKED, DONE, PENDING, CommandLine
from world import ACCESS_ROLE, IDENTITY, WORKLOAD_SECURITY, root

PARTNER = WORKLOAD_SECURITY
GRANTS = f"""
[[access-role.grant]]
principal = "{IDENTITY}"

[[access-role.grant]]
principal = "{PARTNER}"
"""
ENDED = GRANTS + "until = 2020-01-31\n"


@pytest.fixture
def onboard(world, tmp_path):
    onboard = CommandLine(world, tmp_path)
    (tmp_path / "onboarding.toml").write_text(GRANTS)
    yield onboard
    onboard.wire.close()


def trusted(iam):
    """The principals of the access role, in any statement."""
    policy = iam.get_role(RoleName=ACCESS_ROLE)["Role"]["AssumeRolePolicyDocument"]
    found = [statement["Principal"]["AWS"] for statement in policy["Statement"]]
    return {arn for one in found for arn in ([one] if isinstance(one, str) else one)}


def test_recorded_grant_is_removed_after_its_last_day(world, onboard, iam, account, tmp_path):
    table = ("--records", world.template.table()["TableName"])
    output, code = onboard("apply", "--account", account, *table, "--yes")
    assert (code, root(PARTNER) in trusted(iam)) == (DONE, True), output

    (tmp_path / "onboarding.toml").write_text(ENDED)
    output, code = onboard("config", "check", "onboarding.toml")
    assert code == DONE and f"the grant for `{PARTNER}` ended on 2020-01-31" in output, output

    # Without the record, nothing shows that this tool made the grant.
    output, code = onboard("apply", "--account", account, "--yes", "--format", "json")
    report = json.loads(output)
    assert (code, report["cause"]["code"], report["changes"]) == (BLOCKED, "verification_failed", []), output
    assert any("ended on 2020-01-31" in notice for notice in report["notices"]), output
    assert root(PARTNER) in trusted(iam)

    before = trusted(iam)
    output, code = onboard("plan", "--account", account, *table)
    assert (code, trusted(iam)) == (PENDING, before), output
    output, code = onboard("apply", "--account", account, *table, "--yes")
    assert code == DONE and "cannot assume the role: the grant ended on 2020-01-31" in " ".join(output.split()), output
    assert trusted(iam) == before - {root(PARTNER)}


def test_function_removes_an_ended_grant(world, start, iam, account):
    function = start(world, {**world.template.environment(), **world.configure("grants", GRANTS)})
    assert function.report({"account_id": account})["outcome"] == "converged"
    assert root(PARTNER) in trusted(iam)
    function = start(world, {**world.template.environment(), **world.configure("ended", ENDED)})
    report = function.report({"account_id": account})
    assert [change["call"] for change in report["changes"]] == ["iam:UpdateAssumeRolePolicy"], report
    assert (report["outcome"], root(PARTNER) in trusted(iam)) == ("converged", False)
