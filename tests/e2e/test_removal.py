"""`[[removed]]` and `[[access-role.revoke]]`: the real function and the real `onboard` remove what they made, and nothing else."""

import iam_state
import pytest
from botocore.exceptions import ClientError
from test_command_line import BLOCKED, DONE, PENDING, CommandLine
from test_registration import PARAMETER, ROLE, registering, vendor  # noqa: F401 (fixtures)
from world import ACCESS_ROLE, IDENTITY, MANAGEMENT, root

APP = """
[[role]]
name = "app-removed"
policies = { deploy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}}' }
[[role.trust]]
principal = "222233334444"
"""
TRELICA = """
[vendors.trelica]
external-id = { ssm-parameter = "/account-onboarding/trelica/external-id" }
"""
GRANT = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n'
REVOKE = f'[[access-role.revoke]]\nprincipal = "{IDENTITY}"\n'
REMOVE_APP = '[[removed]]\nrole = "app-removed"\n'
REMOVE_TRELICA = '[[removed]]\nvendor = "trelica"\n'
TRELICA_ROLE = "TrelicaIntegration"


@pytest.fixture
def apply(start, world, account):
    """Runs the function with a configuration, in an environment of its own, and returns the report."""

    def applied(toml, mode="apply"):
        function = start(world, world.template.environment() | world.configure("removal", toml))
        report = function.report({"account_id": account, "mode": mode})
        return report, [call.name for call in function.wire.writes()]

    return applied


@pytest.fixture
def onboarded(apply, iam):
    """The IAM of the account before it was onboarded with a grant, a vendor and a role."""
    before = iam_state.snapshot(iam)
    report, _ = apply(GRANT + TRELICA + APP)
    assert report["outcome"] == "converged", report
    # ministack lacks the condition key iam:PolicyARN, so that a session of the tool attaches no policy there.
    iam.attach_role_policy(RoleName="app-removed", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    return before


def exists(iam, role):
    try:
        iam.get_role(RoleName=role)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchEntity"
        return False
    return True


def test_everything_is_removed_and_the_account_is_as_before(apply, world, account, iam, onboarded):
    planned, written = apply(REVOKE + REMOVE_APP + REMOVE_TRELICA, mode="plan")
    assert (planned["cause"]["code"], written) == ("changes_pending", [])

    report, written = apply(REVOKE + REMOVE_APP + REMOVE_TRELICA)

    assert report["outcome"] == "converged", report
    assert sorted(written) == sorted(change["call"] for change in planned["changes"])
    assert written.count("iam:DeleteRole") == 2
    assert not exists(iam, "app-removed") and not exists(iam, TRELICA_ROLE)
    now = iam_state.snapshot(iam)
    now["roles"][ACCESS_ROLE]["trust"] = _sorted(now["roles"][ACCESS_ROLE]["trust"])
    onboarded["roles"][ACCESS_ROLE]["trust"] = _sorted(onboarded["roles"][ACCESS_ROLE]["trust"])
    assert now == onboarded
    assert world.record(account).get("roles", {}) == {}
    removed = [proof for proof in report["proofs"] if proof["expected"] == "removed"]
    assert len(removed) == 3 and all(proof["holds"] for proof in removed)

    again, written = apply(REVOKE + REMOVE_APP + REMOVE_TRELICA)
    assert (again["outcome"], again["changes"], written) == ("converged", [], [])


def test_identity_account_can_no_longer_assume_the_role(apply, world, account, onboarded):
    access = {"RoleArn": f"arn:aws:iam::{account}:role/{ACCESS_ROLE}", "RoleSessionName": "e2e"}
    assert world.user_of(IDENTITY).assume_role(**access)["AssumedRoleUser"]
    assert apply(REVOKE + TRELICA + APP)[0]["outcome"] == "converged"
    with pytest.raises(ClientError, match="AccessDenied"):
        world.user_of(IDENTITY).assume_role(**access)


def test_role_of_an_instance_profile_and_of_another_owner_are_kept(apply, iam, onboarded):
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="app-removed")
    iam.tag_role(RoleName=TRELICA_ROLE, Tags=[{"Key": "account-onboarding", "Value": "vendor/another"}])
    before = iam_state.snapshot(iam)

    report, written = apply(GRANT + REMOVE_APP + REMOVE_TRELICA)

    assert report["outcome"] == "blocked", report
    assert {refusal["code"] for refusal in report["refusals"]} == {"role_in_use", "foreign_role"}
    assert (iam_state.snapshot(iam), written) == (before, [])


def test_management_account_is_never_revoked(apply, iam, onboarded):
    before = iam_state.role(iam, ACCESS_ROLE)
    report, written = apply(f'[[access-role.revoke]]\nprincipal = "{MANAGEMENT}"\n' + TRELICA + APP)
    assert (report["outcome"], report["cause"]["code"]) == ("blocked", "configuration")
    assert iam_state.role(iam, ACCESS_ROLE) == before and "iam:UpdateAssumeRolePolicy" not in written


def test_command_line_shows_and_makes_the_removal(world, account, iam, onboarded, tmp_path):
    table = ("--records", world.template.table()["TableName"])
    onboard = CommandLine(world, tmp_path)
    old, new = tmp_path / "old.toml", tmp_path / "onboarding.toml"
    old.write_text(GRANT + TRELICA + APP)
    new.write_text(GRANT + TRELICA)
    output, code = onboard("config", "check", "--against", "old.toml")
    assert code == DONE and '    [[removed]]\n    role = "app-removed"\n' in output, output
    new.write_text(GRANT + TRELICA + REMOVE_APP)
    output, code = onboard("config", "check", "--against", "old.toml")
    assert code == DONE and "app-removed" not in output, output

    # Without the records, nothing shows that this tool created the role.
    output, code = onboard("plan", "--account", account)
    assert code == BLOCKED and "role_not_recorded" in output, output
    output, code = onboard("plan", "--account", account, *table)
    assert code == PENDING and "Plan: 0 to add, 0 to change, 3 to remove" in output, output
    assert "  - delete role `app-removed`\n" in output, output
    assert exists(iam, "app-removed")
    output, code = onboard.answered("yes\n", "apply", "--account", account, *table)
    assert code == DONE and not exists(iam, "app-removed"), output
    output, code = onboard("plan", "--account", account, *table)
    assert code == DONE and "Nothing to do" in output, output
    onboard.wire.close()


def test_registration_is_removed_with_its_vendor(start, world, account, iam, vendor, registering):  # noqa: F811
    assert start(world, registering).report({"account_id": account})["outcome"] == "converged"
    assert len(vendor.connectors_of(account)) == 1
    configuration = f"""
        {GRANT}
        [[removed]]
        vendor = "workload-security"

        [removed.registration]
        url = "{vendor.url}"
        own-host = true
        api-key = {{ ssm-parameter = "{PARAMETER}" }}
    """
    environment = world.template.environment() | world.configure("removing", configuration)
    report = start(world, environment).report({"account_id": account})
    assert report["outcome"] == "converged", report
    assert vendor.connectors_of(account) == []
    assert not exists(iam, ROLE)
    assert world.record(account).get("registrations", {}) == {}
    assert root(IDENTITY) in str(iam_state.role(iam, ACCESS_ROLE)["trust"])


def _sorted(trust):
    """A trust policy in which one principal is a string, as IAM returns it."""
    for statement in trust["Statement"]:
        principals = statement["Principal"]["AWS"]
        if isinstance(principals, list) and len(principals) == 1:
            statement["Principal"]["AWS"] = principals[0]
    return trust
