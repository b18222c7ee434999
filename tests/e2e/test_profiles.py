"""`onboard aws-config` and `onboard links` with real accounts: the file as the AWS CLI reads it, and the access that it gives."""

import json
import os
import urllib.parse

import boto3
import botocore.configloader
import pytest
from stack import REGION
from test_command_line import DONE, ERROR, PENDING, QUESTION, CommandLine
from world import ACCESS_ROLE, IDENTITY

HOSTILE = "x]\n[profile evil]\nrole_arn = arn:aws:iam::123456789012:role/evil #;\"'%(x)s\u202e支付"
OWN = b"# mine\r\n[profile ann]\r\naws_access_key_id = KEY\r\naws_secret_access_key = SECRET\r\ns3 =\r\n  max_queue_size = 1\r\n[default]\r\nregion = eu-west-1"


@pytest.fixture(scope="module")
def user(world):
    """The keys of an IAM user of the identity account who may assume the access role."""
    iam = world.server.client("iam", IDENTITY)
    iam.create_user(UserName="ann")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::*:role/{ACCESS_ROLE}"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ann", PolicyName="assume", PolicyDocument=document)
    return iam.create_access_key(UserName="ann")["AccessKey"]


@pytest.fixture
def home(world, tmp_path):
    (tmp_path / "onboarding.toml").write_text(f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n')
    return tmp_path


@pytest.fixture
def onboard(world, home):
    onboard = CommandLine(world, home)
    yield onboard
    onboard.wire.close()


@pytest.fixture
def config(home, user):
    path = home / ".aws" / "config"
    path.parent.mkdir()
    path.write_bytes(OWN.replace(b"KEY", user["AccessKeyId"].encode()).replace(b"SECRET", user["SecretAccessKey"].encode()))
    path.chmod(0o640)
    return path


def parsed(path):
    """The file as the AWS CLI reads it."""
    return botocore.configloader.load_config(str(path))


def test_profile_assumes_the_access_role(world, onboard, account, config, monkeypatch):
    assert onboard("apply", "--account", account, "--yes")[1] == DONE
    before = config.read_bytes()
    output, code = onboard("aws-config", "--user-profile", "ann", "--name", "{account-id}", "--yes", "--verbose")
    assert (code, f"+ [profile {account}]" in output) == (DONE, True), output
    assert (config.read_bytes().startswith(before), config.stat().st_mode & 0o777) == (True, 0o640)
    assert (config.parent / "config.bak").read_bytes() == before
    assert parsed(config)["profiles"][account] == {
        "role_arn": f"arn:aws:iam::{account}:role/{ACCESS_ROLE}",
        "source_profile": "ann",
        "role_session_name": "ann",
    }
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config.with_name("credentials")))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{world.server.port}")
    identity = boto3.Session(profile_name=account, region_name=REGION).client("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"].split(":")[-1]) == (account, f"assumed-role/{ACCESS_ROLE}/ann")


def test_only_the_block_changes_and_hostile_names_stay_names(world, onboard, config):
    hostile = world.create_account(HOSTILE)[0]
    before = config.read_bytes()
    own = parsed(config)
    mfa = f"arn:aws:iam::{IDENTITY}:mfa/ann"
    arguments = ["aws-config", "--user-profile", "ann", "--mfa", mfa, "--duration", "3600", "--yes"]
    output, code = onboard(*arguments)
    assert code == DONE, output
    written = config.read_bytes()
    assert written.startswith(before) and b"\n" not in written.replace(b"\r\n", b"") and not written.endswith(b"\n")
    found = parsed(config)["profiles"]
    generated = {name: profile for name, profile in found.items() if name not in own["profiles"]}
    assert {name: found[name] for name in own["profiles"]} == own["profiles"]
    keys = {"role_arn", "source_profile", "mfa_serial", "role_session_name", "duration_seconds"}
    assert {frozenset(profile) for profile in generated.values()} == {frozenset(keys)}
    mine = [name for name, profile in generated.items() if f"::{hostile}:" in profile["role_arn"]]
    assert len(mine) == 1 and mine[0].startswith("x-profile-evil-role_arn-arn-aws-iam-123456789012") and mine[0].isascii(), mine
    assert "evil" not in generated and mfa in written.decode()
    output, code = onboard(*arguments)
    assert (code, "nothing to do" in output, config.read_bytes() == written) == (DONE, True, True), output
    # Without a grant, no profile would work.
    (config.parent.parent / "onboarding.toml").write_text('[vendors.trelica]\nexternal-id = "trelica-7d41"\n')
    output, code = onboard(*arguments)
    assert (code, "[[access-role.grant]]" in output, config.read_bytes() == written) == (ERROR, True, True), output


def test_sso_profiles_are_read_with_their_session(world, onboard, account, home):
    path = home / "elsewhere" / "config"
    onboard.options["env"]["AWS_CONFIG_FILE"] = "~/elsewhere/config"
    arguments = ["--sso-session", "corp", "--sso-region", "eu-central-1", "--permission-set", "PowerUserAccess"]
    portal = ["--access-portal", "https://example.awsapps.com/start/", "--name", "{account-id}/{role}"]
    output, code = onboard("aws-config", *arguments, *portal, "--profile-region", REGION, "--yes")
    assert code == DONE, output
    found = parsed(path)
    assert found["profiles"][f"{account}/PowerUserAccess"] == {
        "sso_session": "corp",
        "sso_account_id": account,
        "sso_role_name": "PowerUserAccess",
        "region": REGION,
    }
    assert found["sso_sessions"] == {
        "corp": {
            "sso_start_url": "https://example.awsapps.com/start",
            "sso_region": "eu-central-1",
            "sso_registration_scopes": "sso:account:access",
        }
    }
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("answer", ["no\n", "yes\n"])
def test_file_is_written_after_a_confirmation(onboard, account, config, answer):
    before = config.read_bytes()
    words = ["aws-config", "--user-profile", "ann"]
    output, code = onboard(*words)
    assert (code, "pass `--yes`" in output, config.read_bytes() == before) == (ERROR, True, True), output
    output, code = onboard.answered(answer, *words)
    assert QUESTION in output and "A backup goes to ~/.aws/config.bak." in output, output
    changed = config.read_bytes() != before
    assert (code, changed) == ((DONE, True) if answer == "yes\n" else (PENDING, False)), output


def test_links_open_the_accounts(world, onboard, account):
    output, code = onboard("links", "--account", account, "--format", "json")
    assert code == DONE, output
    [found] = json.loads(output)["accounts"]
    [link] = found["links"]
    url = urllib.parse.urlsplit(link["url"])
    query = urllib.parse.parse_qs(url.query)
    assert (found["account_id"], url.netloc, url.path) == (account, "signin.aws.amazon.com", "/switchrole")
    assert (query["account"], query["roleName"], query["displayName"]) == ([account], [ACCESS_ROLE], ["payments-dev"])
    assert link["usable_by"] == [f"account {IDENTITY}"]
    output, code = onboard("plan", "--account", account)
    assert (code, link["url"] in output) == (PENDING, True), output
    everything, code = onboard("links")
    assert (code, link["url"] in everything) == (DONE, True), everything
    skipped = " ".join(everything[everything.index(f"Skipped: {world.management} ") :].split())
    assert "it is the management account, which is never changed" in skipped, everything
