"""docs/DEPLOY.md and the uninstallation of docs/OPERATIONS.md, followed to the letter on ministack.

The blocks that are labelled `sh step` run in the order of the pages, in one shell, with the real `sam`, `aws` and `onboard`, as the
user whom the page says. A command that fails without the page saying so fails the test. What the emulator cannot do is substituted:

- `sam build` takes the binary of `cargo build` instead of cross-compiling one, which takes ten minutes.
- The values that a reader replaces with their own, and the IDs of accounts.
- The administrator attaches the policies of step 2 to the role `deployer`, whose session is the profile `management`.
- The emulator does not know some condition keys, so that the function's policies are adapted to it (world.py says which).
- The emulator creates accounts without an access role, does not emit events of Organizations, and runs no schedule: the access role
  is created, and the event is put on the queue. The first sweep is started as the page says. It does not poll a queue that
  CloudFormation has created either, so that the messages are passed to the deployed function here.
- The emulator names the log group /aws/cloudformation/…, while CloudFormation begins generated names with that of the stack, and
  authorizes ssm:GetParameters on every resource, so that the deployer gets these two permissions in addition.
- A trail exists: step 3 has no commands.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import boto3
import events
import iam_state
import pytest
import stack
from front import Front
from function import BOOTSTRAP
from test_command_line import ONBOARD
from world import ACCESS_ROLE, MANAGEMENT, TRELICA, World, for_ministack, root, trust

ROOT = Path(__file__).parents[2]
IDENTITY = "482913650127"  # onboard refuses the IDs of the AWS documentation
EXTERNAL_ID = "trelica-7d41+page"
# What the deployer needs in the emulator only.
FOR_EMULATOR = [
    {
        "Effect": "Allow",
        "Action": ["logs:FilterLogEvents", "logs:DeleteLogGroup"],
        "Resource": "arn:aws:logs:*:*:log-group:/aws/cloudformation/account-onboarding/*",
    },
    {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"},
]
FILES = ["template.yaml", "samconfig.toml", "onboarding.toml", "deployer-policy.json", "operator-policy.json"]
# `sam` and `aws` are not in the environment of these tests, because they need another version of botocore. `.ci/run e2e` sets this.
TOOLS = Path(os.environ.get("DEPLOYMENT_TOOLS", ROOT / ".venv/lint/bin"))
needs_tools = pytest.mark.skipif(
    not (TOOLS / "sam").exists() and "DEPLOYMENT_TOOLS" not in os.environ,
    reason=f"`{TOOLS}/sam` does not exist; `bash .ci/run e2e` installs it",
)

BUILD = """#!/bin/sh
if [ "$1" != build ]; then exec {sam} "$@"; fi
mkdir -p .aws-sam/build/Onboard
cp {bootstrap} .aws-sam/build/Onboard/bootstrap
sed 's|CodeUri: \\.$|CodeUri: Onboard|' template.yaml > .aws-sam/build/template.yaml
"""
SHELL = """
if [ -f "$STATE" ]; then . "$STATE"; fi
{before}
set -E
trap 'printf "%s\\t%s\\n" "$?" "$BASH_COMMAND" >> "$FAILED"' ERR
{block}
trap - ERR
set +E
declare -p $(compgen -v | grep -E '^([A-Z]+_)*[A-Z]+$' | grep -vE '^(BASH|DIRSTACK|EUID|FAILED|FUNCNAME|GROUPS|HOME|IFS|LINENO|OPT|PATH|PIPESTATUS|PPID|PWD|OLDPWD|SHELL|SHLVL|STATE|UID)') > "$STATE"
declare -f output >> "$STATE" || true
"""


def steps(page):
    """The blocks of a page that are followed: their labels, and their text."""
    found = re.findall(r"^```sh step ?(.*)\n((?:(?!```).*\n)*)```$", (ROOT / page).read_text(), re.MULTILINE)
    return [(label, block) for label, block in found]


class Reader:
    """Someone who follows the page: a folder, a home and a shell whose variables last from one block to the next."""

    def __init__(self, folder, endpoint):
        self.folder, self.home = folder / "account-onboarding", folder / "home"
        tools = folder / "bin"
        for each in (self.folder, self.home / ".aws", tools):
            each.mkdir(parents=True)
        for name in FILES:
            shutil.copy(ROOT / name, self.folder)
        binary = folder / "bootstrap"
        subprocess.run(["strip", "-o", binary, BOOTSTRAP], check=True)
        (tools / "sam").write_text(BUILD.format(sam=TOOLS / "sam", bootstrap=binary))
        (tools / "sam").chmod(0o755)
        # Version 1 of the AWS CLI does not use AWS_ENDPOINT_URL for SQS.
        (tools / "aws").write_text(f'#!/bin/sh\nexec {TOOLS / "aws"} --endpoint-url {endpoint} "$@"\n')
        (tools / "aws").chmod(0o755)
        (tools / "onboard").symlink_to(ONBOARD)
        self.profiles, self.failed = {}, folder / "failed"
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{tools}:/usr/bin:/bin",
            "STATE": str(folder / "state"),
            "FAILED": str(self.failed),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }

    def profile(self, name, credentials):
        self.profiles[name] = credentials
        keys = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key", "SessionToken": "aws_session_token"}
        lines = []
        for name, values in self.profiles.items():
            lines += [f"[{name}]", *(f"{keys[key]} = {values[key]}" for key in keys if key in values)]
        (self.home / ".aws/credentials").write_text("\n".join(lines) + "\n")
        (self.home / ".aws/config").write_text("".join(f"[profile {name}]\nregion = us-east-1\n" for name in self.profiles))

    def follow(self, block, profile=None, fails=()):
        """Runs a block and returns what it prints. The commands that fail must have exactly these exit codes."""
        self.failed.write_text("")
        before = f"export AWS_PROFILE={profile}" if profile else ""
        script = SHELL.format(before=before, block=block)
        run = subprocess.run(
            ["bash", "--norc", "-c", script],
            cwd=self.folder,
            env=self.environment,
            input="y\n",  # the question of `sam deploy`
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        failed = [line.split("\t") for line in self.failed.read_text().splitlines()]
        assert [int(code) for code, _ in failed] == list(fails), f"{failed}\n{block}\n{run.stdout}"
        if profile:  # the next blocks are again those of the reader
            with open(self.environment["STATE"], "a") as state:
                state.write("export AWS_PROFILE=management\n")
        return run.stdout


class Emulator:
    def __init__(self, folder):
        self.front = Front()
        self.server = stack.ministack(AWS_ENDPOINT_URL=self.front.url, TMPDIR=str(folder))
        self.front.port = self.server.port

    def client(self, service, account=MANAGEMENT):
        return self.server.client(service, account)

    def queues(self):
        """A client whose calls arrive over TLS, as the policies of the queues demand."""
        keys = {"aws_access_key_id": MANAGEMENT, "aws_secret_access_key": "test"}
        return boto3.client("sqs", endpoint_url=self.front.url, region_name=stack.REGION, **keys)

    def close(self):
        self.server.stop()
        self.front.close()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    emulator = Emulator(tmp_path_factory.mktemp("lambda"))
    yield emulator
    emulator.close()


def process(emulator, inbox):
    """Passes each message to the deployed function, as Lambda's poller does, until the queue is empty."""
    sqs, function = emulator.queues(), emulator.client("lambda")
    while messages := sqs.receive_message(QueueUrl=inbox, AttributeNames=["All"]).get("Messages"):
        (message,) = messages
        payload = json.dumps({"Records": [events.received(message)]})
        answer = function.invoke(FunctionName="account-onboarding", Payload=payload)
        answer = json.loads(answer["Payload"].read())
        assert answer == {"batchItemFailures": []}, f"{answer}\n{log(emulator)}"
        sqs.delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])


def log(emulator):
    """The lines that the function logged."""
    logs = emulator.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return "\n".join(event["message"] for name in groups for event in logs.filter_log_events(logGroupName=name)["events"])


@needs_tools
def test_page_is_followed_from_an_empty_account_to_the_uninstallation(emulator, tmp_path):
    world = World(emulator.server, SimpleNamespace(management_account=MANAGEMENT))
    existing, _ = world.create_account("existing")
    emulator.client("s3").create_bucket(Bucket="trail")
    cloudtrail = emulator.client("cloudtrail")
    cloudtrail.create_trail(Name="organization", S3BucketName="trail", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="organization")
    reader = Reader(tmp_path, emulator.front.url)
    reader.profile("administrator", {"AccessKeyId": MANAGEMENT, "SecretAccessKey": "test"})
    page = iter(steps("docs/DEPLOY.md"))

    def follow(label="", replaced={}, **options):
        found, block = next(page)
        assert found == label, f"the next step is `{found}`, not `{label}`"
        for old, new in replaced.items():
            assert old in block, f"`{old}` in\n{block}"
            block = block.replace(old, new)
        return reader.follow(block, **options)

    def roles(account):
        return iam_state.snapshot(emulator.client("iam", account))["roles"]

    # 2. Credentials
    printed, created = follow("administrator", profile="administrator"), []
    while printed.strip():
        policy, end = json.JSONDecoder().raw_decode(printed.lstrip())
        printed = printed.lstrip()[end:]
        created.append(policy["Policy"])
    assert [policy["PolicyName"] for policy in created] == ["account-onboarding-deployer", "account-onboarding-operator"]
    iam = emulator.client("iam")
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust(root(MANAGEMENT)))
    for policy in created:
        iam.attach_role_policy(RoleName="deployer", PolicyArn=policy["Arn"])
    iam.put_role_policy(RoleName="deployer", PolicyName="emulator", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": FOR_EMULATOR}))
    sts = emulator.client("sts")
    deployer = sts.assume_role(RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/deployer", RoleSessionName="reader")["Credentials"]
    reader.profile("management", deployer)
    follow(replaced={"222233334444": IDENTITY, "TRELICA_EXTERNAL_ID=…": f"TRELICA_EXTERNAL_ID={EXTERNAL_ID}"})

    # 4. The configuration
    output = follow()
    assert "own.toml is written" in output and "warning" not in output, output

    # 5. Check
    output = follow()
    assert "ok       CloudTrail" in output and "0 failed" in output and "is not deployed" in output, output
    follow()

    # 6. Deploy
    output = follow()
    assert "Successfully created/updated stack - account-onboarding in us-east-1" in output, output
    role = emulator.client("cloudformation").describe_stack_resource(StackName="account-onboarding", LogicalResourceId="FunctionRole")
    role = role["StackResourceDetail"]["PhysicalResourceId"]

    def adapt_permissions():
        document = for_ministack(iam.get_role_policy(RoleName=role, PolicyName="onboard")["PolicyDocument"])
        # The emulator has an action of its own for sending several messages.
        document = document.replace('"sqs:SendMessage"', '"sqs:SendMessage", "sqs:SendMessageBatch"')
        document = document.replace('"Action": "sqs:SendMessage", "sqs:SendMessageBatch"', '"Action": ["sqs:SendMessage", "sqs:SendMessageBatch"]')
        iam.put_role_policy(RoleName=role, PolicyName="onboard", PolicyDocument=document)

    adapt_permissions()
    outputs = emulator.client("cloudformation").describe_stacks(StackName="account-onboarding")["Stacks"][0]["Outputs"]
    inbox = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "InboxUrl")

    # 7. See what would change
    before = roles(existing)
    follow()
    process(emulator, inbox)
    output = follow("sweep")
    assert existing in output and "planned" in output and "TrelicaIntegration" in output, output
    assert roles(existing) == before
    output = follow("plan", {"444455556666": existing}, fails=[3])
    assert "create role `TrelicaIntegration`" in output or "role TrelicaIntegration" in output, output
    assert re.search(r"onboard apply .* --records \S+", " ".join(output.split())), output
    assert roles(existing) == before

    # 8. Change one account first
    output = follow()
    assert "Converged" in output, output
    assert set(roles(existing)) == {ACCESS_ROLE, "TrelicaIntegration"}

    # 9. Change the existing accounts: a second one, which the REPORT sweep left alone
    second, _ = world.create_account("second")
    output = follow()
    assert "Successfully created/updated stack" in output, output
    adapt_permissions()
    function = emulator.client("lambda").get_function_configuration(FunctionName="account-onboarding")
    assert function["Environment"]["Variables"]["ONBOARDING_SWEEP"] == "apply", function
    emulator.queues().send_message(QueueUrl=inbox, MessageBody='{"sweep": {}}')
    process(emulator, inbox)
    assert set(roles(second)) == {ACCESS_ROLE, "TrelicaIntegration"}

    # 10. The first new account
    status = json.loads(follow("administrator account", profile="administrator"))
    new = status["CreateAccountStatus"]["AccountId"]
    world.access_role(new)
    emulator.queues().send_message(QueueUrl=inbox, MessageBody=json.dumps(events.create_account_result(new)))
    process(emulator, inbox)
    output = follow("new-account", {"555566667777": new})
    assert "Nothing to do" in output and f"account={new}" in output and "TrelicaIntegration" in output, output
    trusted = roles(new)["TrelicaIntegration"]["trust"]["Statement"][0]
    assert trusted["Principal"] == {"AWS": root(TRELICA)}
    assert trusted["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    assert next(page, None) is None, "the page has more steps"

    # OPERATIONS.md: uninstall
    page = iter(steps("docs/OPERATIONS.md"))
    follow("uninstall")
    left = emulator.client("dynamodb").list_tables()["TableNames"]
    assert len(left) == 1, f"the table of records is retained: {left}"
    follow("uninstall")
    assert emulator.client("dynamodb").list_tables()["TableNames"] == []
    assert emulator.queues().list_queues().get("QueueUrls", []) == []
    assert emulator.client("ssm").describe_parameters()["Parameters"] == []
    # In the member account, with its credentials.
    member = {"AccessKeyId": new, "SecretAccessKey": "test"}
    reader.profile("member", member)
    follow("uninstall-role", profile="member")
    output = follow("uninstall-trust", profile="member")
    assert IDENTITY in output, output
    edited = reader.folder / "trust.json"
    edited.write_text(edited.read_text().replace(f"arn:aws:iam::{IDENTITY}:root", root(MANAGEMENT)))
    follow("uninstall-trust", profile="member")
    assert set(roles(new)) == {ACCESS_ROLE}
    assert IDENTITY not in json.dumps(roles(new))
    assert next(page, None) is None, "the page has more steps"
