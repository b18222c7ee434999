"""`onboard config pull` and `push` against the emulator's Parameter Store."""

from itertools import count

import pytest
from test_command_line import DONE, ERROR, LITERAL, PENDING, QUESTION, onboard  # noqa: F401
from world import EXTERNAL_IDS, IDENTITY

GRANT = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n'
USAGE = 2
_numbers = count(1)


@pytest.fixture
def name():
    return f"/account-onboarding/deployed-{next(_numbers)}.toml"


@pytest.fixture
def ssm(world):
    return world.server.client("ssm", world.management)


@pytest.fixture
def onboard_as_admin(world, onboard):  # noqa: F811
    """The function's role cannot write parameters."""
    world.server.client("iam", world.management).put_role_policy(
        RoleName="function",
        PolicyName="push",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:*","Resource":"*"}}',
    )
    yield onboard
    world.server.client("iam", world.management).delete_role_policy(RoleName="function", PolicyName="push")


def described(ssm, name):
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    [found] = ssm.describe_parameters(ParameterFilters=filters)["Parameters"]
    return found


def test_push_creates_shows_the_difference_and_keeps_type_key_and_tier(onboard_as_admin, ssm, name, tmp_path):
    push = ["config", "push", "--name", name]
    (tmp_path / "onboarding.toml").write_text(GRANT)
    output, code = onboard_as_admin.answered("no\n", *push)
    assert (code, QUESTION in output, "Nothing was changed." in output) == (PENDING, True, True), output
    output, code = onboard_as_admin.answered("yes\n", *push)
    assert (code, f"Stored as version 1 of {name}." in output) == (DONE, True), output
    assert f'+ principal = "{IDENTITY}"' in output and f"{len(GRANT)} bytes; the Standard tier holds 4096" in output, output
    assert (described(ssm, name)["Type"], described(ssm, name)["Tier"]) == ("String", "Standard")
    output, code = onboard_as_admin(*push)
    assert (code, "needs confirmation" in output) == (ERROR, True), output
    output, code = onboard_as_admin(*push, "--yes")
    assert (code, "nothing to do" in output) == (DONE, True), output

    large = GRANT + "# " + "x" * 4100 + "\n"
    (tmp_path / "onboarding.toml").write_text(large)
    output, code = onboard_as_admin(*push, "--yes")
    words = " ".join(output.split())
    assert (code, "cannot go back" in words, "version 1 of" in words) == (DONE, True, True), output
    assert (described(ssm, name)["Tier"], described(ssm, name)["Version"]) == ("Advanced", 2)
    (tmp_path / "onboarding.toml").write_text(GRANT)
    output, code = onboard_as_admin(*push, "--yes")
    assert (code, described(ssm, name)["Tier"], "cannot go back" in output) == (DONE, "Advanced", False), output
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == GRANT


def test_secure_string_stays_one_and_external_ids_are_hidden(onboard_as_admin, ssm, name, tmp_path):
    push = ["config", "push", "--name", name, "--yes"]
    (tmp_path / "onboarding.toml").write_text(LITERAL)
    created, code = onboard_as_admin(*push)
    assert (code, described(ssm, name)["Type"]) == (DONE, "SecureString"), created
    (tmp_path / "onboarding.toml").write_text(LITERAL + "[waiting]\nnew-account-minutes = 30\n")
    changed, code = onboard_as_admin(*push)
    assert (code, described(ssm, name)["Type"], "+ new-account-minutes = 30" in changed) == (DONE, "SecureString", True), changed
    against, code = onboard_as_admin("config", "pull", "--name", name, "--against", "onboarding.toml")
    assert (code, "are equal" in against) == (DONE, True), against
    (tmp_path / "onboarding.toml").write_text(GRANT)
    against, code = onboard_as_admin("config", "pull", "--name", name, "--against", "onboarding.toml")
    assert (code, "- external-id = " in against) == (PENDING, True), against
    assert not [value for value in EXTERNAL_IDS.values() if value in created + changed + against]

    key = "arn:aws:kms:us-east-1:111122223333:key/own"
    other = name.replace("deployed", "own-key")
    ssm.put_parameter(Name=other, Value=GRANT + "# old\n", Type="SecureString", KeyId=key)
    output, code = onboard_as_admin("config", "push", "--name", other, "--yes")
    assert (code, described(ssm, other).get("KeyId")) == (DONE, key), output


def test_pull_prints_or_saves_and_never_overwrites(onboard_as_admin, ssm, name, tmp_path):
    pull = ["config", "pull", "--name", name]
    output, code = onboard_as_admin(*pull)
    assert (code, "does not exist in this account and region" in output) == (ERROR, True), output
    ssm.put_parameter(Name=name, Value=GRANT, Type="String")
    assert onboard_as_admin(*pull) == (GRANT, DONE)
    (tmp_path / "saved.toml").write_text("mine")
    output, code = onboard_as_admin(*pull, "--out", "saved.toml")
    assert (code, "exists already" in output, (tmp_path / "saved.toml").read_text()) == (ERROR, True, "mine"), output
    output, code = onboard_as_admin(*pull, "--out", "saved.toml", "--force")
    assert (code, (tmp_path / "saved.toml").read_text()) == (DONE, GRANT), output
    ssm.put_parameter(Name=name, Value="# \x1b[2J\n" + GRANT, Type="String", Overwrite=True)
    output, code = onboard_as_admin.answered("", *pull)
    assert (code, "\x1b[2J" in output, IDENTITY in output) == (DONE, False, True), output
    output, code = onboard_as_admin("config", "pull")
    assert (code, "--name" in output) == (USAGE, True), output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the configuration grants no access and installs no role"),
        ("colour = 1\n" + GRANT, "onboarding.toml:1:1: "),
        ('vendor-files = ["acme.toml"]\n' + GRANT, "`acme.toml`: cannot be read"),
        ('vendor-files = ["../acme.toml"]\n' + GRANT, "is outside the directory of the configuration"),
        ('vendor-files = ["my files/acme.toml"]\n' + GRANT, "cannot be stored in an SSM parameter"),
        (GRANT + "# " + "é" * 4096, "and an SSM parameter holds 8192 at most"),
    ],
)
def test_push_refuses_what_the_function_could_not_use(onboard, ssm, name, tmp_path, text, sentence):  # noqa: F811
    (tmp_path / "onboarding.toml").write_text(text)
    output, code = onboard("config", "push", "--name", name, "--yes")
    assert (code, sentence in " ".join(output.split()), onboard.wire.calls) == (ERROR, True, []), output


def test_push_does_not_write_what_the_stack_would_replace(onboard):  # noqa: F811
    output, code = onboard("config", "push", "--name", "/account-onboarding/onboarding.toml", "--yes")
    assert (code, "ConfigurationParameterName" in output) == (ERROR, True), output


def test_missing_permission_is_named(onboard, name, tmp_path):  # noqa: F811
    (tmp_path / "onboarding.toml").write_text(GRANT)
    output, code = onboard("config", "push", "--name", name, "--yes")
    assert (code, "needs `ssm:PutParameter`" in output) == (ERROR, True), output
