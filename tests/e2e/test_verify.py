"""`onboard verify`: the proofs, and the roles that are really assumed with the profile of a person of the identity account."""

import fcntl
import json
import os
import subprocess
import termios
from contextlib import suppress

import pytest
from people import Person, assumed, session
from test_command_line import BLOCKED, DONE, ERROR, ONBOARD, PENDING, CommandLine
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, root, trust

MFA = 'condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }\n'
OWN_ID = "identity-0f3b9c27:e2e/secret"
READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket","s3:PutObject"],"Resource":"*"}]}'
CONFIGURATION = f"""
[[access-role.grant]]
principal = "{IDENTITY}"
MFA
[vendors.trelica]
external-id = "{EXTERNAL_IDS["trelica"]}"
[[role]]
name = "app-reader"
policies = {{ read = '{READ}' }}
[[role.trust]]
principal = "{IDENTITY}"
external-id = "{OWN_ID}"
"""
SECRETS = [EXTERNAL_IDS["trelica"], OWN_ID]


@pytest.fixture
def onboard(world, tmp_path):
    onboard = CommandLine(world, tmp_path)
    yield onboard
    onboard.wire.close()


@pytest.fixture
def onboarded(onboard, account, tmp_path):
    """Applies the configuration to the account, with or without MFA."""

    def apply(mfa=""):
        (tmp_path / "onboarding.toml").write_text(CONFIGURATION.replace("MFA", mfa))
        output, code = onboard("apply", "--account", account, "--yes")
        assert code == DONE, output
        return account

    return apply


@pytest.fixture
def profile(tmp_path):
    """Writes a profile with the keys of a person, or with the credentials of a session."""

    def write(name, key, *lines):
        folder = tmp_path / ".aws"
        folder.mkdir(exist_ok=True)
        token = [f"aws_session_token = {key['SessionToken']}"] if "SessionToken" in key else []
        keys = [f"aws_access_key_id = {key['AccessKeyId']}", f"aws_secret_access_key = {key['SecretAccessKey']}"]
        with open(folder / "config", "a") as file:
            file.write("\n".join([f"[profile {name}]", *keys, *token, *lines]) + "\n")
        return name

    return write


def verify(onboard, account, *words):
    """The result in JSON, without any secret, and the exit code."""
    output, code = onboard("verify", "--account", account, "--format", "json", *words)
    assert not [secret for secret in [*SECRETS, "345678"] if secret in output], "no secret is printed"
    return json.loads(output), code


def results(found):
    """The attempts: role, external ID and MFA, with the result and whether it is as configured."""
    return {
        (one["role"], one["external_id"], one["mfa"]): (one["tried"], one["evaluated"], one["holds"])
        for one in found["tried"]["attempts"]
    }


GOT_IN, REFUSED = ("assumed", "can", True), ("refused", "denied", True)


def test_without_a_profile_access_is_evaluated_and_nothing_is_written(onboard, onboarded, account, tmp_path):
    (tmp_path / "onboarding.toml").write_text(CONFIGURATION.replace("MFA", ""))
    found, code = verify(onboard, account)
    assert (code, found["report"]["cause"]["code"], found["tried"]) == (PENDING, "changes_pending", None)

    onboarded()
    writes = len(onboard.wire.writes())
    found, code = verify(onboard, account)
    assert (code, found["report"]["outcome"], found["tried"]) == (DONE, "converged", None)
    assert found["report"]["proofs"] and all(proof["holds"] for proof in found["report"]["proofs"])
    reader = next(one for one in found["permissions"] if one["role"] == "app-reader")
    assert (reader["actions"], reader["may_write"]) == (2, ["s3:PutObject"])
    output, code = onboard("verify", "--account", account)
    assert code == DONE and "2 actions, of which 1 may write: s3:PutObject" in output, output
    assert "pass `--as PROFILE`" in output, output
    assert len(onboard.wire.writes()) == writes


def test_person_gets_in_and_is_refused_where_the_configuration_says_so(world, onboard, onboarded, profile):
    account = onboarded()
    person = Person(world, IDENTITY).allow_everything()
    found, code = verify(onboard, account, "--as", profile("ann", person.key))
    assert code == DONE, found
    assert results(found) == {
        (ACCESS_ROLE, "none", None): GOT_IN,
        ("TrelicaIntegration", "configured", None): REFUSED,
        ("TrelicaIntegration", "none", None): REFUSED,
        ("app-reader", "configured", None): GOT_IN,
        ("app-reader", "none", None): REFUSED,
        ("app-reader", "another", None): REFUSED,
    }
    assert found["tried"]["arn"] == f"arn:aws:iam::{IDENTITY}:user/{person.name}"


def test_person_without_permissions_is_locked_out(world, onboard, onboarded, profile):
    account = onboarded()
    found, code = verify(onboard, account, "--as", profile("ben", Person(world, IDENTITY).key))
    assert (code, found["tried"]["conclusion"]) == (BLOCKED, "locked_out")
    assert results(found)[ACCESS_ROLE, "none", None] == ("refused", "can", False)
    assert "allow `sts:AssumeRole`" in found["tried"]["fix"]


def test_person_of_another_account_is_refused_everywhere(world, onboard, onboarded, profile):
    account = onboarded()
    stranger = Person(world, "999988887777").allow_everything()
    found, code = verify(onboard, account, "--as", profile("stranger", stranger.key))
    assert code == DONE and set(results(found).values()) == {REFUSED}, found
    assert [one["role"] for one in found["tried"]["not_tried"]] == [ACCESS_ROLE]


def test_mfa_is_presented_and_its_absence_is_refused(world, onboard, onboarded, profile):
    account = onboarded(MFA)
    person = Person(world, IDENTITY).allow_everything()
    name = profile("ann", person.key, f"mfa_serial = {person.serial}")
    with_and_without = {(ACCESS_ROLE, "none", True): GOT_IN, (ACCESS_ROLE, "none", False): REFUSED}
    found, code = verify(onboard, account, "--as", name, "--mfa-code", "345678")
    assert code == DONE and results(found).items() >= with_and_without.items(), found
    bare = profile("bare", person.key)
    found, code = verify(onboard, account, "--as", bare, "--mfa", person.serial, "--mfa-code", "345678")
    assert code == DONE and results(found).items() >= with_and_without.items(), found

    # Without a device, and with the device of another user, the attempt with MFA is not made, which does not count as a refusal.
    found, code = verify(onboard, account, "--as", bare)
    assert (code, found["tried"]["conclusion"]) == (ERROR, "incomplete")
    assert (ACCESS_ROLE, "none", True) not in results(found) and "--mfa" in found["tried"]["fix"]
    other = Person(world, IDENTITY).serial
    found, code = verify(onboard, account, "--as", bare, "--mfa", other, "--mfa-code", "345678")
    assert code == ERROR and results(found)[ACCESS_ROLE, "none", True][::2] == ("not_tried", None), found
    output, code = onboard("verify", "--account", account, "--as", name)
    assert code == ERROR and "pass the code of" in output and "--mfa-code" in output, output


class Terminal:
    """`onboard verify` on a terminal of its own."""

    def __init__(self, onboard, *words):
        self.terminal, child = os.openpty()
        self.output = b""
        self.process = subprocess.Popen(
            ["timeout", "--foreground", "60", ONBOARD, "verify", *words],
            **{**onboard.options, "stderr": child},
            stdin=child,
            stdout=child,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.child = child

    @property
    def shows_input(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def answer(self, prompt, *answers):
        """Types an answer at each prompt, at once; returns everything that the terminal showed, and the exit code."""
        for number, answer in enumerate(answers, 1):
            while self.output.count(prompt) < number:
                self.output += os.read(self.terminal, 1 << 16)
            assert not self.shows_input, "what is typed is shown"
            os.write(self.terminal, answer)
        code = self.process.wait(60)
        # Keeps the terminal from being closed, so that its settings can be read.
        shows_input = self.shows_input
        os.close(self.child)
        with suppress(OSError):  # Linux raises EIO when the last process has closed the terminal
            while piece := os.read(self.terminal, 1 << 16):
                self.output += piece
        os.close(self.terminal)
        assert shows_input, "the terminal is not as before"
        return self.output.decode(), code


def test_code_is_asked_for_on_the_terminal_and_not_shown(world, onboard, onboarded, profile):
    account = onboarded(MFA)
    person = Person(world, IDENTITY).allow_everything()
    name = profile("ann", person.key, f"mfa_serial = {person.serial}")
    terminal = Terminal(onboard, "--account", account, "--as", name)
    output, code = terminal.answer(b"MFA code for ", b"12345x\n", b"345678\n")
    assert code == DONE, output
    assert f"MFA code for {person.serial}" in output and "an MFA code has six digits" in output, output
    assert "with MFA: assumed (evaluated: can)" in output and "without MFA: refused (evaluated: denied)" in output, output
    assert "345678" not in output and "12345x" not in output, output


def test_interrupt_at_the_prompt_leaves_the_terminal_as_it_was(world, onboard, onboarded, profile):
    account = onboarded(MFA)
    person = Person(world, IDENTITY).allow_everything()
    name = profile("ann", person.key, f"mfa_serial = {person.serial}")
    output, code = Terminal(onboard, "--account", account, "--as", name).answer(b"MFA code for ", b"\x03")
    assert code == ERROR and "cannot read the MFA code" in output and "assumed" not in output, output


def test_session_of_a_role_has_no_mfa(world, onboard, onboarded, profile):
    """Whatever its caller presented: AWS does not pass MFA on to the sessions of roles."""
    account = onboarded(MFA)
    iam = world.server.client("iam", IDENTITY)
    iam.create_role(RoleName="with-mfa", AssumeRolePolicyDocument=trust(root(IDENTITY)))
    anything = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    iam.put_role_policy(RoleName="with-mfa", PolicyName="assume", PolicyDocument=document)
    role = f"arn:aws:iam::{IDENTITY}:role/with-mfa"
    person = Person(world, IDENTITY).allow_everything()
    by_code = assumed(person.without_mfa(), role, SerialNumber=person.serial, TokenCode="345678")
    by_session = assumed(person.with_mfa(), role)
    access_role = f"arn:aws:iam::{account}:role/{ACCESS_ROLE}"
    for credentials in (by_code, by_session):
        assert not assumed(session(world, credentials), access_role)
    assert assumed(person.with_mfa(), access_role), "the user's own session has MFA"

    found, code = verify(onboard, account, "--as", profile("role", by_code))
    assert (code, results(found)[ACCESS_ROLE, "none", False]) == (DONE, REFUSED), found
    assert "only an IAM user" in found["tried"]["not_tried"][0]["reason"]


def test_profile_of_a_role_that_requires_mfa_names_the_profile_of_the_user(world, onboard, onboarded, profile, tmp_path):
    account = onboarded(MFA)
    person = Person(world, IDENTITY).allow_everything()
    iam = world.server.client("iam", IDENTITY)
    document = json.loads(trust(root(IDENTITY)))
    document["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    iam.create_role(RoleName="requires-mfa", AssumeRolePolicyDocument=json.dumps(document))
    profile("ann", person.key)
    with open(tmp_path / ".aws" / "config", "a") as file:
        role = f"arn:aws:iam::{IDENTITY}:role/requires-mfa"
        file.write(f"[profile admin]\nrole_arn = {role}\nsource_profile = ann\nmfa_serial = {person.serial}\n")
    output, code = onboard("verify", "--account", account, "--as", "admin")
    assert code == ERROR and f"`--as ann --mfa {person.serial}`" in output, output
    assert "without `--profile`" not in output, output
    found, code = verify(onboard, account, "--as", "ann", "--mfa", person.serial, "--mfa-code", "345678")
    assert code == DONE, found


def trust_also(world, account, role, **statement):
    """Adds a statement to the trust policy of a role, as an administrator of the account would."""
    iam = world.server.client("iam", account)
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    document["Statement"].append({"Effect": "Allow", "Action": "sts:AssumeRole", **statement})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))


def test_trust_policy_that_lets_too_many_in_is_found(world, onboard, onboarded, profile):
    account = onboarded(MFA)
    person = Person(world, IDENTITY).allow_everything()
    words = ["--as", profile("ann", person.key, f"mfa_serial = {person.serial}"), "--mfa-code", "345678"]
    trust_also(world, account, ACCESS_ROLE, Principal={"AWS": root(IDENTITY)})
    found, code = verify(onboard, account, *words)
    assert (code, found["tried"]["conclusion"], found["report"]["outcome"]) == (BLOCKED, "breach", "converged"), found
    assert results(found)[ACCESS_ROLE, "none", False] == ("assumed", "can", False)
    assert "onboard policy explain" in found["tried"]["fix"]

    trust_also(world, account, "TrelicaIntegration", Principal={"AWS": root(IDENTITY)})
    found, code = verify(onboard, account, *words)
    assert (code, found["tried"]["conclusion"]) == (BLOCKED, "breach")
    assert results(found)["TrelicaIntegration", "none", None] == ("assumed", "can", False)
    output, code = onboard("verify", "--account", account, *words)
    assert code == BLOCKED and "without an external ID: assumed, and must be refused" in " ".join(output.split()), output
    assert not [secret for secret in [*SECRETS, "345678"] if secret in output]


def test_keys_that_aws_does_not_accept_do_not_count_as_refusal(world, onboard, onboarded, profile):
    account = onboarded()
    person = Person(world, IDENTITY).allow_everything()
    key = {"AccessKeyId": person.key["AccessKeyId"], "SecretAccessKey": "wrong"}
    output, code = onboard("verify", "--account", account, "--as", profile("wrong", key))
    assert code == ERROR and "profile `wrong` cannot be used" in output, output
    output, code = onboard("verify", "--account", account, "--as", "missing")
    assert code == ERROR and "profile `missing` does not exist" in output, output


def test_attempt_leaves_no_usable_session(world, onboard, onboarded, profile):
    """The session policy of an attempt denies everything, in the emulator as in AWS."""
    account = onboarded()
    person = Person(world, IDENTITY).allow_everything()
    deny = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    credentials = assumed(person.without_mfa(), f"arn:aws:iam::{account}:role/{ACCESS_ROLE}", Policy=deny)
    assert session(world, credentials).get_caller_identity()["Account"] == account
    with pytest.raises(Exception, match="AccessDenied"):
        session(world, credentials, "iam").list_roles()
    found, _ = verify(onboard, account, "--as", profile("ann", person.key))
    attempts = [call.parameters for call in onboard.wire.named("sts:AssumeRole") if call.parameters["RoleSessionName"].endswith("verify")]
    assert len(attempts) == len(found["tried"]["attempts"])
    for attempt in attempts:
        assert (json.loads(attempt["Policy"]), attempt["DurationSeconds"]) == (json.loads(deny), "900")
