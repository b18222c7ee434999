"""`onboard init` on a terminal: questions, wrong answers, and a file that plans and applies."""

import iam_state
import pytest
import tomllib
from test_command_line import DONE, ERROR, PENDING, onboard  # noqa: F401
from world import ACCESS_ROLE, IDENTITY

PARAMETER = "/account-onboarding/trelica/external-id"


@pytest.fixture
def file(onboard, tmp_path):  # noqa: F811
    file = tmp_path / "onboarding.toml"
    file.unlink()
    return file


def typed(*answers):
    return "".join(f"{answer}\n" for answer in answers)


def test_answers_make_a_file_that_is_applied(onboard, file, account, iam):  # noqa: F811
    answers = typed(IDENTITY, "account", "no", "trelica", "", "999988887777")
    output, code = onboard.answered(answers, "init")
    assert code == DONE, output
    assert output.index("Identity account (12 digits):") < output.index("Who [account]:") < output.index("Require MFA")
    assert f"Name of the SSM parameter [{PARAMETER}]:" in output and "onboard config check" in output, output
    config = tomllib.loads(file.read_text())
    assert config["access-role"]["grant"] == [{"principal": IDENTITY}]
    assert config["vendors"] == {"trelica": {"external-id": {"ssm-parameter": PARAMETER}}}
    assert config["accounts"] == {"exclude": ["999988887777"]}
    output, code = onboard("apply", "--account", account, "--yes")
    assert code == DONE, output
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, "TrelicaIntegration"}


def test_wrong_answers_are_explained_and_asked_again(onboard, file):  # noqa: F811
    role = f"arn:aws:iam::{IDENTITY}:role/admin"
    user = f"arn:aws:iam::{IDENTITY}:user/ann"
    answers = typed(
        "22223333444", IDENTITY,
        "everyone", "principals", "", "arn:aws:iam::999988887777:role/x", f"{role}, {user}",
        "perhaps", "yes",
        "trellica", "trelica", "my-external-id", "/other/id", "/account-onboarding/own/id",
        "r-abcd", "ou-abcd-11111111",
    )  # fmt: skip
    output, code = onboard.answered(answers, "init")
    assert code == DONE, output
    words = " ".join(output.split())
    for explanation in (
        "a leading zero may be missing",
        "write `account`, `principals` or `permission-sets`",
        "write at least one ARN",
        "is not in the identity account",
        "write yes or no",
        "did you mean `trelica`?",
        "is not a valid SSM parameter name",
        "can only read parameters below `/account-onboarding/`",
        "is the root, which contains every account",
    ):
        assert explanation in words, f"{explanation}: {output}"
    assert output.count("Identity account (12 digits):") == 2
    config = tomllib.loads(file.read_text())
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert config["access-role"]["grant"] == [{"principal": [role]}, {"principal": [user], "condition": mfa}]
    assert config["vendors"]["trelica"]["external-id"] == {"ssm-parameter": "/account-onboarding/own/id"}
    assert config["accounts"] == {"exclude": ["ou-abcd-11111111"]}


def test_permission_sets_are_not_asked_for_mfa(onboard, file):  # noqa: F811
    output, code = onboard.answered(typed(IDENTITY, "permission-sets", "Admin", "none", "none"), "init")
    assert (code, "Require MFA (yes or no)" in output) == (DONE, False), output
    [grant] = tomllib.loads(file.read_text())["access-role"]["grant"]
    assert all("/AWSReservedSSO_Admin_" in arn for arn in grant["condition"]["ArnLike"]["aws:PrincipalArn"])


def test_options_are_not_asked_for(onboard, file):  # noqa: F811
    words = ["--identity-account", IDENTITY, "--require-mfa", "true", "--vendor", "none", "--exclude", "none"]
    output, code = onboard.answered("", "init", *words)
    assert (code, "?" in output, file.exists()) == (DONE, False, True), output
    check, code = onboard("config", "check")
    assert code == DONE, check


def test_end_of_input_writes_nothing(onboard, file):  # noqa: F811
    output, code = onboard.answered(f"{IDENTITY}\n\x04", "init")
    assert (code, "nothing was written" in output, file.exists()) == (ERROR, True, False), output
    file.write_text("mine")
    output, code = onboard.answered(typed(IDENTITY), "init")
    assert (code, "exists already" in output, file.read_text()) == (ERROR, True, "mine"), output


def test_plan_of_the_new_file_shows_mfa(onboard, file, account):  # noqa: F811
    output, code = onboard.answered("", "init", "--identity-account", IDENTITY, "--require-mfa", "true", "--vendor", "none", "--exclude", "none")
    assert code == DONE, output
    output, code = onboard("plan", "--account", account)
    assert (code, "MFA" in output or "MultiFactorAuthPresent" in output) == (PENDING, True), output
